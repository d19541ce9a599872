// Whatever a client sends, the server answers it, keeps running, and takes no part of it for code.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { httpOf } from '@brume/testkit/http'
import { makeNamespace, mustCreate } from './people.ts'
import { adminKey, http1, http2Request } from './raw.ts'

let plane: TestControlPlane
before(async () => {
  plane = await startTestControlPlane()
  await makeNamespace(plane, 'ns')
})
after(() => plane.stop())

/** Names that every plain object has without anyone putting them there. */
const INHERITED = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf']

for (const name of INHERITED) {
  test(`an Accept header of "${name}" is a media type that nobody has`, async () => {
    for (const path of ['/api/v1/pods', '/apis', '/openapi/v2', '/openapi/v3', '/version', '/']) {
      const stranger = await http1(plane, { path, headers: [`accept: ${name}`] })
      assert.ok([200, 403, 406].includes(stranger.status), `${path}: ${stranger.text}`)
      const admin = await http1(plane, { path, headers: [`accept: ${name}`], client: adminKey(plane) })
      assert.ok([200, 406].includes(admin.status), `${path}: ${admin.text}`)
    }
  })

  test(`"${name}" is no method of anything`, async () => {
    const paths = ['/api/v1/namespaces/ns/pods/p/status', '/api/v1/namespaces/ns', '/apis', '/metrics']
    for (const path of paths) {
      const { status } = await http2Request(plane, { ':method': name, ':path': path }, adminKey(plane))
      assert.ok(status >= 400 && status < 500, `${name} ${path}: ${status}`)
    }
  })

  test(`"${name}" is a name like any other in paths`, async () => {
    const http = httpOf(plane)
    const paths = [
      `/api/v1/${name}`,
      `/apis/${name}`,
      `/apis/${name}/v1`,
      `/apis/apps/${name}`,
      `/apis/apps/v1/${name}`,
      `/apis/${name}/${name}/${name}`,
      `/api/v1/namespaces/${name}/pods/${name}`,
      `/api/v1/namespaces/ns/pods/p/${name}`,
      `/openapi/v3/${name}`,
      `/openapi/v3/apis/${name}/${name}`,
      `/${name}`,
    ]
    for (const path of paths) {
      const { status, text } = await http.send('GET', path)
      assert.ok(status === 404 || status === 405, `${path}: ${status} ${text}`)
    }
    const { status } = await http.send('GET', `/api/v1/namespaces/${name}/pods`)
    assert.equal(status, 200)
  })

  test(`nothing carries a label or a field "${name}" that it was not given`, async () => {
    const http = httpOf(plane)
    if (!name.startsWith('_')) {
      const list = (labelSelector: string) =>
        http.send('GET', '/api/v1/namespaces', undefined, { query: { labelSelector } })
      assert.deepEqual((await list(name)).body.items, [])
      assert.notDeepEqual((await list(`!${name}`)).body.items, [])
    }
    const query = { fieldSelector: `${name}=x` }
    assert.equal((await http.send('GET', '/api/v1/pods', undefined, { query })).status, 400)
  })
}

test('__proto__ is a key of data like any other, and changes no prototype', async () => {
  const http = httpOf(plane)
  const path = '/api/v1/namespaces/ns/configmaps'
  const text = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto"},"data":{"__proto__":"a","constructor":"b","x":"y"}}`
  const created = await http.send('POST', path, text)
  assert.equal(created.status, 201, created.text)
  assert.deepEqual(Object.entries(created.body.data).sort(), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['x', 'y'],
  ])
  const patches: [string, string][] = [
    ['application/merge-patch+json', '{"data":{"__proto__":"c"}}'],
    ['application/strategic-merge-patch+json', '{"data":{"__proto__":"d"}}'],
    ['application/json-patch+json', '[{"op":"replace","path":"/data/__proto__","value":"e"}]'],
    [
      'application/apply-patch+yaml',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto"},"data":{"__proto__":"f"}}',
    ],
  ]
  for (const [contentType, body] of patches) {
    const query = { fieldManager: 'me', ...(contentType.includes('apply') ? { force: 'true' } : {}) }
    const patched = await http.send('PATCH', `${path}/proto`, body, { contentType, query })
    assert.equal(patched.status, 200, `${contentType}: ${patched.text}`)
    const kept = new Map(Object.entries(patched.body.data))
    const wanted = /"(?:value|__proto__)":"(\w)"/.exec(body)![1]
    assert.equal(kept.get('__proto__'), wanted, `${contentType}: ${patched.text}`)
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

test('no patch reaches a prototype', async () => {
  const http = httpOf(plane)
  await mustCreate(plane, '/api/v1/namespaces/ns/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'victim' },
    data: { a: 'b' },
  })
  const patches: [string, unknown][] = [
    ['application/json-patch+json', [{ op: 'add', path: '/__proto__/polluted', value: 'x' }]],
    ['application/json-patch+json', [{ op: 'add', path: '/constructor/prototype/polluted', value: 'x' }]],
    ['application/json-patch+json', [{ op: 'copy', from: '/data', path: '/metadata/__proto__/polluted' }]],
    [
      'application/merge-patch+json',
      '{"__proto__":{"polluted":"x"},"metadata":{"__proto__":{"polluted":"x"}}}',
    ],
    ['application/merge-patch+json', '{"constructor":{"prototype":{"polluted":"x"}}}'],
    ['application/strategic-merge-patch+json', '{"metadata":{"labels":{"__proto__":{"polluted":"x"}}}}'],
    [
      'application/apply-patch+yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: victim}\n__proto__: {polluted: x}\n',
    ],
  ]
  for (const [contentType, body] of patches) {
    const query = { fieldManager: 'me' }
    const { status, text } = await http.send('PATCH', '/api/v1/namespaces/ns/configmaps/victim', body, {
      contentType,
      query,
    })
    // Kubernetes answers 500 to an apply with a field that the schema lacks.
    assert.ok(
      status < 500 || text.includes('field not declared in schema'),
      `${JSON.stringify(body)}: ${text}`,
    )
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined, JSON.stringify(body))
  }
})

test('warnings cannot add a header or a line', async () => {
  const key = 'evil\r\nset-cookie: a=b\u2028é"\\'
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'warned' }, [key]: 1 })
  const answer = await http1(plane, {
    method: 'POST',
    path: '/api/v1/namespaces/ns/configmaps',
    headers: ['content-type: application/json'],
    body,
    client: adminKey(plane),
  })
  assert.equal(answer.status, 201)
  const [head = ''] = answer.text.split('\r\n\r\n')
  assert.match(head, /warning: 299 - "unknown field/i)
  assert.doesNotMatch(head, /^set-cookie/im)
})

test('answers to hostile paths are nothing that a browser takes for a page', async () => {
  for (const path of ['/api/v1/<script>alert(1)</script>', '/<img%20src=x>', '/apis/%3Cscript%3E/v1/x']) {
    const { text } = await http1(plane, { path, headers: ['accept: text/html'] })
    const [head = ''] = text.split('\r\n\r\n')
    assert.match(head, /content-type: application\/json/i)
    assert.match(head, /x-content-type-options: nosniff/i)
  }
})
