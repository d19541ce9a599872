import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolicyError, readPolicy } from './read-policy.ts'

const HEAD = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n'

test('a policy as Kubernetes documents it is read', () => {
  const policy = readPolicy(`${HEAD}
omitStages: [RequestReceived]
rules:
- level: None
  users: ["system:kube-proxy"]
  verbs: ["watch"]
  resources: [{group: "", resources: ["endpoints", "services/*"]}]
- level: None
  userGroups: ["system:authenticated"]
  nonResourceURLs: ["/api*", "/version"]
- level: Request
  resources: [{group: "", resources: ["configmaps"], resourceNames: ["a"]}]
  namespaces: ["kube-system"]
- level: RequestResponse
  omitManagedFields: true
  omitStages: [ResponseStarted]
`)
  assert.deepEqual(
    policy.rules.map(({ level }) => level),
    ['None', 'None', 'Request', 'RequestResponse'],
  )
  assert.equal(policy.rules[3]!.omitManagedFields, true)
})

const WRONG: [text: string, said: RegExp][] = [
  ['- 1', /no object of kind Policy/],
  ['{"a', /./],
  ['kind: Policy\nrules: [{level: None}]', /apiVersion: Unsupported value: null/],
  [
    'apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules: [{level: None}]',
    /apiVersion: .*"audit.k8s.io\/v1"/,
  ],
  ['apiVersion: audit.k8s.io/v1\nkind: Event\nrules: [{level: None}]', /kind: Unsupported value: "Event"/],
  [HEAD, /rules: Required value/],
  [`${HEAD}rules: [{level: Metadata, user: [a]}]`, /rules\[0\]\.user: unknown field/],
  [`${HEAD}omitStage: [Panic]\nrules: [{level: None}]`, /omitStage: unknown field/],
  [
    `${HEAD}rules: [{level: None}, {level: Meta}]`,
    /rules\[1\]\.level: Unsupported value: "Meta": .*"RequestResponse"/,
  ],
  [`${HEAD}rules: [{users: [a]}]`, /rules\[0\]\.level: Required value/],
  [
    `${HEAD}rules: [{level: None, verbs: get}]`,
    /rules\[0\]\.verbs: Invalid value: "get": must be a list of strings/,
  ],
  [`${HEAD}rules: [{level: None, verbs: [1]}]`, /rules\[0\]\.verbs\[0\]: Invalid value: 1: must be a string/],
  [
    `${HEAD}rules: [{level: None, omitStages: [Done]}]`,
    /rules\[0\]\.omitStages\[0\]: Unsupported value: "Done"/,
  ],
  [`${HEAD}rules: [{level: None, resources: [pods]}]`, /rules\[0\]\.resources\[0\]: Invalid value: "pods"/],
  [
    `${HEAD}rules: [{level: None, resources: [{group: apps/v1}]}]`,
    /rules\[0\]\.resources\[0\]\.group: .*without a version/,
  ],
  [
    `${HEAD}rules: [{level: None, resources: [{resourceNames: [a]}]}]`,
    /resourceNames: .*at least one resource/,
  ],
  [`${HEAD}rules: [{level: None, nonResourceURLs: [healthz]}]`, /nonResourceURLs\[0\]: .*begin with a '\/'/],
  [`${HEAD}rules: [{level: None, nonResourceURLs: ["/a*b"]}]`, /nonResourceURLs\[0\]: .*final character/],
  [
    `${HEAD}rules: [{level: None, nonResourceURLs: ["/a"], namespaces: [b]}]`,
    /nonResourceURLs: .*cannot apply to both/,
  ],
  [`${HEAD}rules: [{level: None, level: Request}]`, /level/],
]

test('what is wrong is told with its field', () => {
  for (const [text, said] of WRONG) {
    assert.throws(
      () => readPolicy(text),
      (error) => {
        assert.ok(error instanceof PolicyError, `${text}: ${error}`)
        assert.match(error.message, said)
        return true
      },
    )
  }
})
