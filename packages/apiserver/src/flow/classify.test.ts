import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BOOTSTRAP_FLOW_SCHEMAS, BOOTSTRAP_PRIORITY_LEVELS } from '@brume/api/bootstrap/flow-control'
import type { KubeObject } from '@brume/api/object'
import type { UserInfo } from '../auth/types.ts'
import { parseRequestInfo } from '../request/info.ts'
import { classifier, distinguisherOf } from './classify.ts'

const infoOf = (request: string) => {
  const [method = '', path = ''] = request.split(' ')
  return parseRequestInfo({ method, path, query: new URLSearchParams() })
}
const user = (name: string, ...groups: string[]): UserInfo => ({
  name,
  groups: [...groups, 'system:authenticated'],
})
const ANNA = user('anna', 'devs')
const ROBOT = user('system:serviceaccount:ci:robot', 'system:serviceaccounts')

const ANYTHING = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }
const anyone = [{ kind: 'Group', group: { name: '*' } }]

function schema(name: string, matchingPrecedence: number, rule: object, level = 'l'): KubeObject {
  const rules = [{ subjects: anyone, resourceRules: [ANYTHING], ...rule }]
  const spec = { matchingPrecedence, priorityLevelConfiguration: { name: level }, rules }
  return {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name, uid: `u-${name}` },
    spec,
  }
}

const nameFor = (schemas: KubeObject[], request: string, of: UserInfo = ANNA) =>
  classifier(schemas, new Set(['l']))(infoOf(request), of)?.name

test('the lowest precedence decides, then the name, and a schema without its level is passed over', () => {
  const schemas = [
    schema('late', 300, {}),
    schema('b', 200, {}),
    schema('a', 200, {}),
    schema('x', 1, {}, 'none'),
  ]
  assert.equal(nameFor(schemas, 'GET /api/v1/pods'), 'a')
})

const PODS = '/api/v1/namespaces/ci/pods'
const resource = (more: object) => ({ resourceRules: [{ ...ANYTHING, ...more }] })
const paths = (...nonResourceURLs: string[]) => ({
  resourceRules: [],
  nonResourceRules: [{ verbs: ['get'], nonResourceURLs }],
})
const RULES: [what: string, rule: object, fit: string[], other: string[]][] = [
  ['verbs', resource({ verbs: ['list'] }), [`GET ${PODS}`], [`GET ${PODS}/p`]],
  ['groups', resource({ apiGroups: ['apps'] }), ['GET /apis/apps/v1/deployments'], [`GET ${PODS}`]],
  ['resources', resource({ resources: ['pods'] }), [`GET ${PODS}`], [`PUT ${PODS}/p/status`]],
  ['subresources', resource({ resources: ['pods/status'] }), [`PUT ${PODS}/p/status`], [`GET ${PODS}`]],
  [
    'namespaces',
    resource({ namespaces: ['ci'], clusterScope: false }),
    [`GET ${PODS}`],
    ['GET /api/v1/pods'],
  ],
  [
    'what has no namespace',
    resource({ namespaces: [], clusterScope: true }),
    ['GET /api/v1/nodes'],
    [`GET ${PODS}`],
  ],
  [
    'paths',
    paths('/healthz', '/debug/*'),
    ['GET /healthz', 'GET /debug/x'],
    ['POST /healthz', 'GET /x', `GET ${PODS}`],
  ],
]
for (const [what, rule, fit, other] of RULES) {
  test(`a rule is about ${what}`, () => {
    for (const request of fit) assert.equal(nameFor([schema('s', 1, rule)], request), 's', request)
    for (const request of other) assert.equal(nameFor([schema('s', 1, rule)], request), undefined, request)
  })
}

const account = (namespace: string, name: string) => ({
  kind: 'ServiceAccount',
  serviceAccount: { namespace, name },
})
const SUBJECTS: [subject: object, UserInfo, boolean][] = [
  [{ kind: 'User', user: { name: 'anna' } }, ANNA, true],
  [{ kind: 'User', user: { name: 'ann' } }, ANNA, false],
  [{ kind: 'User', user: { name: '*' } }, ROBOT, true],
  [{ kind: 'Group', group: { name: 'devs' } }, ANNA, true],
  [{ kind: 'Group', group: { name: 'devs' } }, ROBOT, false],
  [account('ci', 'robot'), ROBOT, true],
  [account('ci', '*'), ROBOT, true],
  [account('other', '*'), ROBOT, false],
  [account('ci', '*'), ANNA, false],
]
test('a rule is about users, groups and service accounts', () => {
  for (const [subject, of, fits] of SUBJECTS) {
    const found = nameFor([schema('s', 1, { subjects: [subject] })], 'GET /api/v1/nodes', of)
    assert.equal(found, fits ? 's' : undefined, `${JSON.stringify(subject)} ${of.name}`)
  }
})

test("Kubernetes' own schemas send each where it belongs", () => {
  const levels = new Set(BOOTSTRAP_PRIORITY_LEVELS.map(({ metadata }) => metadata.name!))
  const classify = classifier(BOOTSTRAP_FLOW_SCHEMAS, levels)
  const node = user('system:node:n1', 'system:nodes')
  for (const [request, of, name, level] of [
    ['DELETE /api/v1/nodes/n', user('root', 'system:masters'), 'exempt', 'exempt'],
    ['GET /readyz', ANNA, 'probes', 'exempt'],
    ['PUT /api/v1/nodes/n1/status', node, 'system-node-high', 'node-high'],
    [`GET ${PODS}`, node, 'system-nodes', 'system'],
    [`GET ${PODS}`, ROBOT, 'service-accounts', 'workload-low'],
    [
      `GET ${PODS}`,
      user('system:serviceaccount:kube-system:x', 'system:serviceaccounts'),
      'kube-system-service-accounts',
      'workload-high',
    ],
    [`GET ${PODS}`, ANNA, 'global-default', 'global-default'],
  ] as const) {
    const found = classify(infoOf(request), of)
    assert.deepEqual([found?.name, found?.level], [name, level], `${request} of ${of.name}`)
  }
})

test('flows of one schema are told apart by user or by namespace', () => {
  const of = (distinguisher: 'ByUser' | 'ByNamespace' | undefined) =>
    distinguisherOf({ name: 's', uid: '', level: 'l', distinguisher }, infoOf(`GET ${PODS}`), ANNA)
  assert.deepEqual([of('ByUser'), of('ByNamespace'), of(undefined)], ['anna', 'ci', ''])
})
