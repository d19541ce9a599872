import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRequestInfo } from '../request/info.ts'
import { DEFAULT_AUDIT_POLICY } from './default-policy.ts'
import { policyMatcher } from './match.ts'
import type { AuditPolicy, AuditRule } from './types.ts'

const ANNA = { name: 'anna', groups: ['devs', 'system:authenticated'] }

function levelOf(policy: AuditPolicy, request: string, user = ANNA) {
  const [method = '', target = ''] = request.split(' ')
  const [path = '', query = ''] = target.split('?')
  const info = parseRequestInfo({ method, path, query: new URLSearchParams(query) })
  return policyMatcher(policy)(info, user).level
}

const PODS = '/api/v1/namespaces/a/pods'
const core = (resources: string[], resourceNames: string[] = []) => [{ group: '', resources, resourceNames }]

const CASES: [rule: Omit<AuditRule, 'level'>, fit: string[], other: string[]][] = [
  [{}, [`GET ${PODS}`, 'GET /healthz'], []],
  [{ users: ['anna'] }, [`GET ${PODS}`], []],
  [{ users: ['bob'] }, [], [`GET ${PODS}`]],
  [{ userGroups: ['ops', 'devs'] }, [`GET ${PODS}`], []],
  [{ userGroups: ['ops'] }, [], [`GET ${PODS}`]],
  [{ verbs: ['list', 'delete'] }, [`GET ${PODS}`, `DELETE ${PODS}/p`], [`GET ${PODS}/p`, `DELETE ${PODS}`]],
  [
    { namespaces: ['a'] },
    [`GET ${PODS}`],
    ['GET /api/v1/pods', 'GET /healthz', 'GET /api/v1/namespaces/b/pods'],
  ],
  [{ namespaces: [''] }, ['GET /api/v1/nodes'], [`GET ${PODS}`]],
  [
    { resources: core(['pods']) },
    [`GET ${PODS}/p`],
    [`GET ${PODS}/p/log`, 'GET /apis/x.y/v1/pods', 'GET /healthz'],
  ],
  [{ resources: core(['pods/log']) }, [`GET ${PODS}/p/log`], [`GET ${PODS}/p`, `GET ${PODS}/p/xlog`]],
  [{ resources: core(['pods/*']) }, [`GET ${PODS}/p/log`, `GET ${PODS}/p/exec`], ['GET /api/v1/podsx/p/log']],
  [{ resources: core(['*/status']) }, [`PUT ${PODS}/p/status`], [`PUT ${PODS}/p`, `PUT ${PODS}/p/xstatus`]],
  [{ resources: core(['*']) }, [`GET ${PODS}/p/log`, 'GET /api/v1/nodes'], ['GET /apis/apps/v1/deployments']],
  [{ resources: [{ group: 'apps' }] }, ['GET /apis/apps/v1/deployments'], [`GET ${PODS}`]],
  [{ resources: core(['pods'], ['p']) }, [`GET ${PODS}/p`], [`GET ${PODS}/q`, `GET ${PODS}`]],
  [
    { nonResourceURLs: ['/health*', '/version'] },
    ['GET /healthz', 'GET /version'],
    ['GET /versions', `GET ${PODS}`],
  ],
  [{ nonResourceURLs: ['*'] }, ['GET /healthz'], [`GET ${PODS}`]],
]

test('a rule fits what it names, and nothing beside it', () => {
  for (const [rule, fit, other] of CASES) {
    const policy: AuditPolicy = { rules: [{ ...rule, level: 'Request' }] }
    for (const request of fit)
      assert.equal(levelOf(policy, request), 'Request', `${JSON.stringify(rule)} ${request}`)
    for (const request of other)
      assert.equal(levelOf(policy, request), 'None', `${JSON.stringify(rule)} ${request}`)
  }
})

test('the first rule that fits decides, and its stages are left out beside those of the policy', () => {
  const policy: AuditPolicy = {
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [
      { level: 'Metadata', verbs: ['get'], omitStages: ['Panic'], omitManagedFields: false },
      { level: 'Request' },
    ],
  }
  const match = policyMatcher(policy)
  const verdict = (method: string) =>
    match(parseRequestInfo({ method, path: `${PODS}/p`, query: new URLSearchParams() }), ANNA)
  const [read, write] = [verdict('GET'), verdict('DELETE')]
  assert.deepEqual(
    [read.level, [...read.omitStages], read.omitManagedFields],
    ['Metadata', ['RequestReceived', 'Panic'], false],
  )
  assert.deepEqual(
    [write.level, [...write.omitStages], write.omitManagedFields],
    ['Request', ['RequestReceived'], true],
  )
})

const CONTROLLER = { name: 'system:kube-controller-manager', groups: ['system:masters'] }
const NODE = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }

test('by default writes, reads of Secrets and ways into pods are recorded, and what machines repeat is not', () => {
  const recorded: [string, typeof ANNA?][] = [
    [`POST ${PODS}`],
    [`DELETE ${PODS}`],
    ['PATCH /apis/example.com/v1/namespaces/a/things/t'],
    ['GET /api/v1/secrets'],
    ['GET /api/v1/secrets?watch=true'],
    ['GET /api/v1/namespaces/a/secrets/s', NODE],
    [`GET ${PODS}/p/exec`],
    [`POST ${PODS}/p/portforward`],
    ['POST /api/v1/namespaces/a/serviceaccounts/s/token'],
    ['PATCH /api/v1/nodes/n1/status'],
    ['DELETE /api/v1/namespaces/a/events'],
    [`DELETE ${PODS}/p`, CONTROLLER],
    ['PUT /v2/a/manifests/latest'],
    ['GET /backup'],
  ]
  for (const [request, user] of recorded)
    assert.equal(levelOf(DEFAULT_AUDIT_POLICY, request, user), 'Metadata', request)
  const leftOut: [string, typeof ANNA?][] = [
    [`GET ${PODS}`],
    [`GET ${PODS}?watch=true`],
    ['GET /healthz'],
    ['GET /openapi/v3'],
    ['POST /api/v1/namespaces/a/events'],
    ['PUT /apis/coordination.k8s.io/v1/namespaces/a/leases/l'],
    ['PATCH /api/v1/nodes/n1/status', NODE],
    ['PATCH /apis/apps/v1/namespaces/a/deployments/d/status', CONTROLLER],
    ['GET /api/v1/secrets?watch=true', CONTROLLER],
  ]
  for (const [request, user] of leftOut)
    assert.equal(levelOf(DEFAULT_AUDIT_POLICY, request, user), 'None', request)
})
