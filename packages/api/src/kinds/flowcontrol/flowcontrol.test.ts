import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, createErrors, refuses, statusErrors, withPaths } from '../testing.ts'
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS } from './mandatory.ts'

const API = 'flowcontrol.apiserver.k8s.io/v1'
const RULE = {
  subjects: [{ kind: 'User', user: { name: 'ann' } }],
  resourceRules: [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] },
  ],
}
const SCHEMA = {
  apiVersion: API,
  kind: 'FlowSchema',
  metadata: { name: 'ann' },
  spec: { priorityLevelConfiguration: { name: 'low' }, rules: [RULE] },
}
const LEVEL = {
  apiVersion: API,
  kind: 'PriorityLevelConfiguration',
  metadata: { name: 'low' },
  spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
}
const QUEUING = 'spec.limited.limitResponse.queuing'

test('a schema comes in the middle', () => {
  assert.equal(created(SCHEMA).spec.matchingPrecedence, 1000)
})

test('a level has thirty shares and queues by the book', () => {
  const { limited } = created(LEVEL).spec
  assert.equal(limited.nominalConcurrencyShares, 30)
  assert.equal(limited.lendablePercent, 0)
  assert.deepEqual(limited.limitResponse.queuing, { handSize: 8, queues: 64, queueLengthLimit: 50 })
})

refuses(SCHEMA, [
  [
    'leaves the first place to the exempt',
    { 'spec.matchingPrecedence': 1 },
    [
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    ],
  ],
  [
    'has a place in the order',
    { 'spec.matchingPrecedence': 10001 },
    ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
  ],
  [
    'names a level',
    { 'spec.priorityLevelConfiguration.name': '' },
    ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
  ],
  [
    'knows how to tell flows apart',
    { 'spec.distinguisherMethod': { type: 'ByMood' } },
    ['spec.distinguisherMethod.type: Unsupported value: "ByMood": supported values: "ByNamespace", "ByUser"'],
  ],
  [
    'says who asks for what',
    { 'spec.rules': [{ subjects: [] }] },
    [
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
  ],
  [
    'describes each subject by its kind',
    { 'spec.rules[0].subjects': [{ kind: 'Group', user: { name: 'a' } }, { kind: 'Robot' }] },
    [
      "spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group'",
      "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
      'spec.rules[0].subjects[1].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
    ],
  ],
  [
    'says what each rule is about',
    { 'spec.rules[0].resourceRules': [{ verbs: ['fly'], apiGroups: [], resources: [] }] },
    [
      'spec.rules[0].resourceRules[0].verbs: Unsupported value: ["fly"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
      'spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
      'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
    ],
  ],
  [
    'has paths that start with a slash',
    { 'spec.rules[0].nonResourceRules': [{ verbs: ['get'], nonResourceURLs: ['x', '/a*'] }] },
    [
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "x": must start with slash',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a*": wildcard can only do suffix matching',
    ],
  ],
])

refuses(LEVEL, [
  [
    'is limited or exempt',
    { 'spec.type': 'Free' },
    ['spec.type: Unsupported value: "Free": supported values: "Exempt", "Limited"'],
  ],
  [
    'says how it is limited',
    { 'spec.limited': undefined },
    ['spec.limited: Required value: must not be empty when type is Limited'],
  ],
  [
    'is exempt without limits',
    { 'spec.type': 'Exempt' },
    [
      "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
      'spec.limited: Forbidden: must be nil if the type is not Limited',
    ],
  ],
  [
    'does not queue what it rejects',
    { 'spec.limited.limitResponse.type': 'Reject' },
    [`${QUEUING}: Forbidden: must be nil if limited.limitResponse.type is not Limited`],
  ],
  [
    'deals hands that fit the deck',
    { [`${QUEUING}.handSize`]: 9, [`${QUEUING}.queues`]: 8 },
    [`${QUEUING}.handSize: Invalid value: 9: should not be greater than queues (8)`],
  ],
  [
    'deals hands that one hash can tell apart',
    { [`${QUEUING}.handSize`]: 16, [`${QUEUING}.queues`]: 64 },
    [
      `${QUEUING}.handSize: Invalid value: 16: required entropy bits of deckSize 64 and handSize 16 should not be greater than 60`,
    ],
  ],
  [
    'lends what it has',
    { 'spec.limited.lendablePercent': 101, 'spec.limited.borrowingLimitPercent': -1 },
    [
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
      'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
    ],
  ],
])

test('the mandatory schemas and levels are fine as they are, and in no other way', () => {
  for (const [name, spec] of Object.entries(MANDATORY_SCHEMAS)) {
    assert.deepEqual(createErrors({ ...SCHEMA, metadata: { name }, spec }), [])
    const [error] = createErrors({ ...SCHEMA, metadata: { name }, spec: { ...spec, matchingPrecedence: 5 } })
    assert.match(
      error!,
      new RegExp(`^spec: Invalid value: .*: spec of '${name}' must equal the fixed value$`),
    )
  }
  for (const [name, spec] of Object.entries(MANDATORY_LEVELS)) {
    assert.deepEqual(createErrors({ ...LEVEL, metadata: { name }, spec }), [])
  }
  const [error] = createErrors(withPaths(LEVEL, { 'metadata.name': 'catch-all' }))
  assert.match(error!, /spec of 'catch-all' must equal the fixed value$/)
})

test('a condition has a type, once', () => {
  const conditions = [{ type: 'A' }, { type: 'A' }, { type: '' }]
  assert.deepEqual(statusErrors({ ...SCHEMA, status: { conditions } }), [
    'status.conditions[1].type: Duplicate value: "A"',
    'status.conditions[2].type: Required value: must not be empty',
  ])
})

test('the tables show levels and queues', () => {
  const dangling = { conditions: [{ type: 'Dangling', status: 'False' }] }
  assert.deepEqual(cellsOf(withPaths(SCHEMA, { status: dangling })), {
    Name: 'ann',
    PriorityLevel: 'low',
    MatchingPrecedence: 1000,
    DistinguisherMethod: '<none>',
    Age: '<unknown>',
    MissingPL: 'False',
  })
  assert.equal(cellsOf(SCHEMA)['MissingPL'], '?')
  assert.equal(cellsOf(LEVEL)['NominalConcurrencyShares'], 30)
  assert.equal(cellsOf(LEVEL)['Queues'], 64)
})
