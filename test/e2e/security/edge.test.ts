// What is to be seen from outside: public paths, TLS, and browsers with a certificate.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { httpOf } from '@brume/testkit/http'
import { personOf } from './people.ts'
import { adminKey, http1, http2Request } from './raw.ts'

const NS = '/api/v1/namespaces/default'

let plane: TestControlPlane
before(async () => {
  plane = await startTestControlPlane()
})
after(() => plane.stop())

test('strangers see health and version, and nothing else', async () => {
  const shown = ['/healthz', '/livez', '/readyz', '/version']
  for (const path of shown) assert.equal((await http1(plane, { path })).status, 200, path)
  const hidden = [
    '/',
    '/api',
    '/apis',
    '/api/v1',
    '/apis/apps',
    '/openapi/v2',
    '/openapi/v3',
    '/metrics',
    '/backup',
  ]
  hidden.push(
    '/openid/v1/jwks',
    '/.well-known/openid-configuration',
    '/healthz/../metrics',
    '//metrics',
    '/debug/pprof',
  )
  for (const path of hidden) {
    const { status, text } = await http1(plane, { path })
    assert.equal(status, 403, `${path}: ${text}`)
  }
  const nobody = personOf(plane, 'nobody')
  for (const path of ['/metrics', '/backup', '/openid/v1/jwks', '/api/v1/namespaces']) {
    assert.equal((await nobody.send('GET', path)).status, 403, path)
  }
  assert.equal((await nobody.send('GET', '/apis')).status, 200)
  for (const [method, path] of [
    ['POST', '/metrics'],
    ['POST', '/version'],
    ['DELETE', '/backup'],
  ] as const) {
    assert.ok([403, 405].includes((await http1(plane, { method, path })).status))
  }
})

test('TLS is 1.2 or newer, with forward secrecy and authenticated ciphers', async () => {
  const attempt = (options: object) =>
    http1(plane, { path: '/version', options }).then(
      ({ status }) => status,
      () => 'refused',
    )
  assert.equal(await attempt({ minVersion: 'TLSv1.3' }), 200)
  assert.equal(await attempt({ maxVersion: 'TLSv1.2' }), 200)
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }
  assert.equal(await attempt(old), 'refused')
  for (const ciphers of [
    'ECDHE-ECDSA-AES128-SHA',
    'ECDHE-ECDSA-AES256-SHA384',
    'AES128-GCM-SHA256',
    'aNULL:eNULL',
  ]) {
    assert.equal(
      await attempt({ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` }),
      'refused',
      ciphers,
    )
  }
})

test('a page of another site gets nothing out of a browser with a certificate', async () => {
  const admin = adminKey(plane)
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'forged' } })
  const post = (...headers: string[]) =>
    http1(plane, { method: 'POST', path: `${NS}/configmaps`, headers, body, client: admin })
  // What a browser sends across sites without asking first.
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain;application/json',
  ]) {
    assert.equal((await post(`content-type: ${type}`)).status, 415, type)
  }
  for (const site of ['cross-site', 'same-site']) {
    assert.equal(
      (await post('origin: https://evil.example.com', `sec-fetch-site: ${site}`)).status,
      403,
      site,
    )
  }
  const asked = await http1(plane, {
    ...{ method: 'OPTIONS', path: `${NS}/configmaps`, client: admin },
    headers: ['origin: https://evil.example.com', 'access-control-request-method: POST'],
  })
  assert.ok(asked.status >= 400)
  const read = await http1(plane, {
    path: `${NS}/secrets`,
    headers: ['origin: https://evil.example.com'],
    client: admin,
  })
  for (const { text } of [asked, read]) assert.doesNotMatch(text.split('\r\n\r\n')[0]!, /access-control/i)
  assert.equal((await httpOf(plane).send('GET', `${NS}/configmaps/forged`)).status, 404)
  assert.equal((await post('content-type: application/json', 'sec-fetch-site: same-origin')).status, 201)
})

test('what strangers ask for leaves nothing behind in the metrics', async () => {
  const mark = 'strange7f3a'
  for (let i = 0; i < 30; i++) {
    const paths = [
      `/apis/${mark}${i}/v1/things`,
      `/api/v1/namespaces/${mark}${i}/pods`,
      `/api/v1/namespaces/default/pods/p/${mark}${i}`,
      `/api/v1/${mark}${i}`,
      `/${mark}${i}`,
    ]
    for (const path of paths) await http1(plane, { path, headers: [`user-agent: ${mark}`] })
    await http2Request(plane, { ':method': `${mark}${i}`, ':path': '/api/v1/namespaces/default/pods' })
  }
  const { status, text } = await httpOf(plane).send('GET', '/metrics')
  assert.equal(status, 200)
  assert.match(text, /apiserver_request_total/)
  assert.doesNotMatch(text, new RegExp(mark, 'i'))
})
