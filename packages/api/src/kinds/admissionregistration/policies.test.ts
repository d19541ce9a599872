import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, withPaths } from '../testing.ts'

const API = 'admissionregistration.k8s.io/v1'
const RULE = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }
const POLICY = {
  apiVersion: API,
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'guard' },
  spec: {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    matchConstraints: { resourceRules: [RULE] },
    validations: [{ expression: 'true' }],
  },
}
const BINDING = {
  apiVersion: API,
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name: 'guard' },
  spec: {
    policyName: 'guard',
    validationActions: ['Deny'],
    paramRef: { name: 'p', namespace: 'a', parameterNotFoundAction: 'Deny' },
  },
}

test('fails closed and matches equivalent requests', () => {
  const { spec } = created(POLICY)
  assert.equal(spec.failurePolicy, 'Fail')
  assert.equal(spec.matchConstraints.matchPolicy, 'Equivalent')
  assert.equal(spec.matchConstraints.resourceRules[0].scope, '*')
  assert.deepEqual(spec.matchConstraints.objectSelector, {})
})

refuses(POLICY, [
  [
    'is about something',
    { 'spec.matchConstraints': {} },
    ['spec.matchConstraints.resourceRules: Required value'],
  ],
  ['has constraints', { 'spec.matchConstraints': undefined }, ['spec.matchConstraints: Required value']],
  [
    'checks or notes something',
    { 'spec.validations': [] },
    [
      'spec.validations: Required value: validations or auditAnnotations must be present',
      'spec.auditAnnotations: Required value: validations or auditAnnotations must be present',
    ],
  ],
  [
    'has expressions and messages',
    {
      'spec.validations': [
        { expression: ' ', message: 'a\nb', messageExpression: ' ', reason: 'Because' },
        { expression: 'a\nb' },
      ],
    },
    [
      'spec.validations[0].expression: Required value: expression is not specified',
      'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
      'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
      'spec.validations[0].reason: Unsupported value: "Because": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
      'spec.validations[1].message: Required value: message must be specified if expression contains line breaks',
    ],
  ],
  [
    'names the kind of its parameters',
    { 'spec.paramKind': { apiVersion: 'a/b/c', kind: 'A B' } },
    [
      'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      "spec.paramKind.kind: Invalid value: \"A B\": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  [
    'has variables that CEL can name',
    {
      'spec.variables': [
        { name: '1', expression: 'x' },
        { name: 'a', expression: '' },
      ],
    },
    [
      'spec.variables[0].name: Invalid value: "1": name is not a valid CEL identifier',
      'spec.variables[1].expression: Required value: expression is not specified',
    ],
  ],
  [
    'notes under each key once',
    {
      'spec.auditAnnotations': [
        { key: 'a', valueExpression: '1' },
        { key: 'a', valueExpression: '' },
      ],
    },
    [
      'spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified',
      'spec.auditAnnotations[1].key: Duplicate value: "a"',
    ],
  ],
  [
    'names each resource once',
    { 'spec.matchConstraints.resourceRules[0].resourceNames': ['a', 'a', 'b/c'] },
    [
      'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
      'spec.matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: "b/c": may not contain \'/\'',
    ],
  ],
])

refuses(BINDING, [
  [
    'names a policy and does something',
    { 'spec.policyName': '', 'spec.validationActions': [] },
    [
      'spec.policyName: Required value',
      'spec.validationActions: Required value: at least one validation action is required',
    ],
  ],
  [
    'does not say the same thing twice',
    { 'spec.validationActions': ['Deny', 'Warn', 'Deny'] },
    [
      'spec.validationActions[2]: Duplicate value: "Deny"',
      'spec.validationActions: Invalid value: []admissionregistration.ValidationAction{"Deny", "Warn", "Deny"}: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ],
  ],
  [
    'finds parameters in one way',
    { 'spec.paramRef': { name: 'a', selector: {} } },
    [
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.parameterNotFoundAction: Required value',
    ],
  ],
])

test('the tables show parameters', () => {
  assert.equal(cellsOf(POLICY)['ParamKind'], 'v1/ConfigMap')
  assert.equal(cellsOf(POLICY)['Validations'], 1)
  assert.equal(cellsOf(withPaths(POLICY, { 'spec.paramKind': undefined }))['ParamKind'], '<unset>')
  assert.equal(cellsOf(BINDING)['ParamRef'], 'a/p')
})
