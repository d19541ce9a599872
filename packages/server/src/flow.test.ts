// Flow control of a whole server: what answers and metrics say of it. (That one who floods the server holds up nobody
// else is shown in test/e2e/hostile/flow.test.ts.)

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { grantEverybody, type Http, httpOf } from '@brume/testkit/http'

const API = '/apis/flowcontrol.apiserver.k8s.io/v1'
const SEATS = 20
const LIMIT = { timeout: 60_000 }

let plane: TestControlPlane
let http: Http

before(async () => {
  plane = await startTestControlPlane({ limits: { seats: SEATS } })
  http = httpOf(plane)
  await grantEverybody(http, 'view')
})
after(() => plane.stop())

const uidOf = async (plural: string, name: string): Promise<string> =>
  (await http.send('GET', `${API}/${plural}/${name}`)).body.metadata.uid

test('answers name the schema and the level, also those of administrators and refusals', LIMIT, async () => {
  const told = ({ headers }: Awaited<ReturnType<Http['send']>>) => [
    headers['x-kubernetes-pf-flowschema-uid'],
    headers['x-kubernetes-pf-prioritylevel-uid'],
  ]
  const [exempt, byDefault] = [
    [await uidOf('flowschemas', 'exempt'), await uidOf('prioritylevelconfigurations', 'exempt')],
    [
      await uidOf('flowschemas', 'global-default'),
      await uidOf('prioritylevelconfigurations', 'global-default'),
    ],
  ]
  assert.deepEqual(told(await http.send('GET', '/api/v1/nodes')), exempt)
  const headers = { 'impersonate-user': 'anna' }
  assert.deepEqual(told(await http.send('GET', '/api/v1/pods', undefined, { headers })), byDefault)
  const refused = await http.send('GET', '/api/v1/secrets', undefined, { headers })
  assert.equal(refused.status, 403)
  assert.deepEqual(told(refused), byDefault)
})

test('a schema that is written sends requests elsewhere at once', LIMIT, async () => {
  const rule = { verbs: ['*'], apiGroups: [''], resources: ['pods'], namespaces: ['*'], clusterScope: true }
  const made = await http.send('POST', `${API}/flowschemas`, {
    metadata: { name: 'bobs' },
    spec: {
      priorityLevelConfiguration: { name: 'workload-low' },
      matchingPrecedence: 50,
      rules: [{ subjects: [{ kind: 'User', user: { name: 'bob' } }], resourceRules: [rule] }],
    },
  })
  assert.equal(made.status, 201, made.text)
  const headers = { 'impersonate-user': 'bob' }
  await eventually('the schema holds', async () => {
    const answer = await http.send('GET', '/api/v1/pods', undefined, { headers })
    return answer.headers['x-kubernetes-pf-flowschema-uid'] === made.body.metadata.uid
  })
})

test('levels and schemas are counted under their names', LIMIT, async () => {
  await http.send('GET', '/api/v1/pods', undefined, { headers: { 'impersonate-user': 'anna' } })
  const { text } = await http.send('GET', '/metrics')
  const level = 'priority_level="global-default"'
  for (const line of [
    `dispatched_requests_total{${level},flow_schema="global-default"} [1-9]\\d*`,
    `nominal_limit_seats{${level}} 2`,
    `current_inqueue_requests{${level}} 0`,
    `current_executing_requests{priority_level="exempt"} [1-9]\\d*`,
  ]) {
    assert.match(text, new RegExp(`^apiserver_flowcontrol_${line.replaceAll(/[{}]/g, '\\$&')}$`, 'm'))
  }
})
