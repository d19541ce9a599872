import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, withPaths } from '../testing.ts'

const CONFIG = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'guard' },
  webhooks: [
    {
      name: 'pods.guard.example.com',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      clientConfig: { service: { namespace: 'a', name: 'b' } },
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    },
  ],
}
const AT = 'webhooks[0]'
const FORM = '; desired format: https://host[/path]'

test('fails closed, within ten seconds, for everything', () => {
  const [webhook] = created(CONFIG)['webhooks']
  assert.equal(webhook.failurePolicy, 'Fail')
  assert.equal(webhook.matchPolicy, 'Equivalent')
  assert.equal(webhook.timeoutSeconds, 10)
  assert.deepEqual(webhook.namespaceSelector, {})
  assert.deepEqual(webhook.objectSelector, {})
  assert.equal(webhook.rules[0].scope, '*')
  assert.equal(webhook.clientConfig.service.port, 443)
  assert.equal(webhook.reinvocationPolicy, undefined)
})

test('a mutating one is asked once', () => {
  const [webhook] = created({ ...CONFIG, kind: 'MutatingWebhookConfiguration' })['webhooks']
  assert.equal(webhook.reinvocationPolicy, 'Never')
})

refuses(CONFIG, [
  [
    'has names of three segments',
    { [`${AT}.name`]: 'guard.com' },
    [
      `${AT}.name: Invalid value: "guard.com": should be a domain with at least three segments separated by dots`,
    ],
  ],
  [
    'has each name once',
    { 'webhooks[1]': CONFIG.webhooks[0] },
    ['webhooks[1].name: Duplicate value: "pods.guard.example.com"'],
  ],
  [
    'speaks a version of reviews',
    { [`${AT}.admissionReviewVersions`]: [] },
    [`${AT}.admissionReviewVersions: Required value: must specify one of v1, v1beta1`],
  ],
  [
    'speaks a version that the server speaks',
    { [`${AT}.admissionReviewVersions`]: ['v2', 'v2'] },
    [
      `${AT}.admissionReviewVersions[1]: Duplicate value: "v2"`,
      `${AT}.admissionReviewVersions: Invalid value: []string{"v2", "v2"}: must include at least one of v1, v1beta1`,
    ],
  ],
  [
    'says that it has no side effects',
    { [`${AT}.sideEffects`]: undefined },
    [`${AT}.sideEffects: Required value: must specify one of None, NoneOnDryRun`],
  ],
  [
    'has no side effects',
    { [`${AT}.sideEffects`]: 'Some' },
    [`${AT}.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`],
  ],
  [
    'answers in time',
    { [`${AT}.timeoutSeconds`]: 31 },
    [`${AT}.timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`],
  ],
  [
    'is called in one way',
    { [`${AT}.clientConfig.url`]: 'https://a' },
    [`${AT}.clientConfig: Required value: exactly one of url or service is required`],
  ],
  [
    'has a safe URL',
    { [`${AT}.clientConfig`]: { url: 'http://u:p@/x?q=1#f' } },
    [
      `${AT}.clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme${FORM}`,
      `${AT}.clientConfig.url: Invalid value: "": host must be specified${FORM}`,
      `${AT}.clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL`,
      `${AT}.clientConfig.url: Invalid value: "f": fragments are not permitted in the URL`,
      `${AT}.clientConfig.url: Invalid value: "q=1": query parameters are not permitted in the URL`,
    ],
  ],
  [
    'names its service',
    { [`${AT}.clientConfig.service`]: { name: '', namespace: '', path: 'a//b', port: 0 } },
    [
      `${AT}.clientConfig.service.name: Required value: service name is required`,
      `${AT}.clientConfig.service.namespace: Required value: service namespace is required`,
      `${AT}.clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive`,
      `${AT}.clientConfig.service.path: Invalid value: "a//b": must start with a '/'`,
      `${AT}.clientConfig.service.path: Invalid value: "a//b": segment[0] may not be empty`,
      `${AT}.clientConfig.service.path: Invalid value: "a//b": segment[1] may not be empty`,
    ],
  ],
  [
    'says what each rule is about',
    { [`${AT}.rules`]: [{ operations: [], apiGroups: [], apiVersions: [], resources: [] }] },
    [
      `${AT}.rules[0].operations: Required value`,
      `${AT}.rules[0].apiGroups: Required value`,
      `${AT}.rules[0].apiVersions: Required value`,
      `${AT}.rules[0].resources: Required value`,
    ],
  ],
  [
    'says nothing beside a wildcard',
    {
      [`${AT}.rules[0]`]: {
        operations: ['*', 'CREATE'],
        apiGroups: ['*', 'apps'],
        apiVersions: ['*', 'v1'],
        resources: ['*', 'pods', 'pods/*', 'pods/log'],
        scope: 'Galaxy',
      },
    },
    [
      `${AT}.rules[0].operations: Invalid value: []admissionregistration.OperationType{"*", "CREATE"}: if '*' is present, must not specify other operations`,
      `${AT}.rules[0].apiGroups: Invalid value: []string{"*", "apps"}: if '*' is present, must not specify other API groups`,
      `${AT}.rules[0].apiVersions: Invalid value: []string{"*", "v1"}: if '*' is present, must not specify other API versions`,
      `${AT}.rules[0].resources[3]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
      `${AT}.rules[0].resources: Invalid value: []string{"*", "pods", "pods/*", "pods/log"}: if '*' is present, must not specify other resources without subresources`,
      `${AT}.rules[0].scope: Unsupported value: "Galaxy": supported values: "*", "Cluster", "Namespaced"`,
    ],
  ],
  [
    'names each condition once',
    {
      [`${AT}.matchConditions`]: [
        { name: 'a', expression: 'true' },
        { name: 'a', expression: ' ' },
        { name: '', expression: 'true' },
      ],
    },
    [
      `${AT}.matchConditions[1].expression: Required value`,
      `${AT}.matchConditions[1].name: Duplicate value: "a"`,
      `${AT}.matchConditions[2].name: Required value`,
    ],
  ],
])

test('the table counts webhooks', () => {
  assert.equal(cellsOf(CONFIG)['Webhooks'], 1)
  assert.equal(cellsOf(withPaths(CONFIG, { webhooks: undefined }))['Webhooks'], 0)
})
