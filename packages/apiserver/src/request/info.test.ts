import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTrue, parseRequestInfo } from './info.ts'

function infoOf(method: string, target: string) {
  const [path = '', query = ''] = target.split('?')
  return parseRequestInfo({ method, path, query: new URLSearchParams(query) })
}

function shown(method: string, target: string): string {
  const info = infoOf(method, target)
  if (!info.resourceRequest) return `${info.verb} ${info.path}`
  const { verb, group, version, namespace, resource, name, subresource } = info
  return `${verb} ${group}/${version} ns=${namespace} ${resource}/${name}/${subresource}`
}

test('verbs follow from the method, the name and the watch parameter', () => {
  const pods = '/api/v1/namespaces/a/pods'
  assert.equal(shown('GET', pods), 'list /v1 ns=a pods//')
  assert.equal(shown('GET', `${pods}?watch=true`), 'watch /v1 ns=a pods//')
  assert.equal(shown('GET', `${pods}?watch=False`), 'list /v1 ns=a pods//')
  assert.equal(shown('GET', `${pods}/p`), 'get /v1 ns=a pods/p/')
  assert.equal(shown('GET', `${pods}/p?watch=true`), 'get /v1 ns=a pods/p/', 'a name is read, not watched')
  assert.equal(shown('GET', '/api/v1/watch/namespaces/a/pods/p'), 'watch /v1 ns=a pods/p/')
  assert.equal(shown('POST', pods), 'create /v1 ns=a pods//')
  assert.equal(shown('PUT', `${pods}/p/status`), 'update /v1 ns=a pods/p/status')
  assert.equal(shown('DELETE', pods), 'deletecollection /v1 ns=a pods//')
  assert.equal(shown('DELETE', `${pods}/p`), 'delete /v1 ns=a pods/p/')
  assert.equal(shown('CONSTRUCTOR', `${pods}/p`), 'constructor /v1 ns=a pods/p/')
})

test('namespaces are resources and places', () => {
  assert.equal(shown('GET', '/api/v1/namespaces'), 'list /v1 ns= namespaces//')
  assert.equal(shown('GET', '/api/v1/namespaces/a'), 'get /v1 ns=a namespaces/a/')
  assert.equal(shown('PUT', '/api/v1/namespaces/a/finalize'), 'update /v1 ns=a namespaces/a/finalize')
  assert.equal(
    shown('GET', '/apis/apps/v1/namespaces/a/deployments/d/scale'),
    'get apps/v1 ns=a deployments/d/scale',
  )
  assert.equal(shown('GET', '/apis/apps/v1/deployments'), 'list apps/v1 ns= deployments//')
})

test('a selected name is the name of what is asked for, for lists and watches only', () => {
  const pods = '/api/v1/namespaces/a/pods'
  assert.equal(shown('GET', `${pods}?fieldSelector=metadata.name=p`), 'list /v1 ns=a pods/p/')
  assert.equal(shown('GET', `${pods}?fieldSelector=metadata.name!%3Dp`), 'list /v1 ns=a pods//')
  assert.equal(shown('GET', `${pods}?fieldSelector=metadata.name=..`), 'list /v1 ns=a pods//')
  assert.equal(shown('GET', `${pods}?fieldSelector=((`), 'list /v1 ns=a pods//')
  assert.equal(shown('DELETE', `${pods}?fieldSelector=metadata.name=p`), 'deletecollection /v1 ns=a pods//')
})

test('escapes are read segment by segment: what they hide is no path', () => {
  const info = infoOf('GET', '/api/v1/namespaces/a/pods/..%2F..%2Fsecrets%2Fs')
  assert.ok(info.resourceRequest)
  assert.deepEqual([info.namespace, info.resource, info.name], ['a', 'pods', '../../secrets/s'])
  assert.equal(shown('GET', '/api/v1/namespaces/a/pods/%zz'), 'get /api/v1/namespaces/a/pods/%zz')
  assert.equal(shown('GET', '/api/v1/namespaces/a/pods/%ff'), 'get /api/v1/namespaces/a/pods/%ff')
  assert.equal(shown('GET', '/'), 'get /')
  assert.equal(shown('GET', '//'), 'get //')
  assert.equal(shown('GET', '/apis/apps/v1'), 'get /apis/apps/v1')
})

test('a parameter that is there is true unless it says false or 0', () => {
  assert.deepEqual(['true', '1', '', 'x', 'false', 'False', '0', null].map(isTrue), [
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ])
})
