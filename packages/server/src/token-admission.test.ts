// A token that is asked for goes through admission like everything else that is created.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { type Http, httpOf } from '@brume/testkit/http'

let plane: TestControlPlane
let http: Http

before(async () => {
  plane = await startTestControlPlane()
  http = httpOf(plane)
})
after(() => plane.stop())

const TOKEN = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }

test('a namespace that ends gives out no tokens', async () => {
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  const account = '/api/v1/namespaces/ending/serviceaccounts'
  assert.equal((await http.send('POST', '/api/v1/namespaces', namespace('ending'))).status, 201)
  const metadata = { name: 'robot', finalizers: ['example.com/held'] }
  assert.equal(
    (await http.send('POST', account, { apiVersion: 'v1', kind: 'ServiceAccount', metadata })).status,
    201,
  )
  assert.equal((await http.send('POST', `${account}/robot/token`, TOKEN)).status, 201)
  await http.send('DELETE', '/api/v1/namespaces/ending')
  const refused = await http.send('POST', `${account}/robot/token`, TOKEN)
  assert.equal(refused.status, 403)
  assert.match(refused.body.message, /namespace ending because it is being terminated/)
  assert.equal(refused.body.details.causes[0].reason, 'NamespaceTerminating')
})
