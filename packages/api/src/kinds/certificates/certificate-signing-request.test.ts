import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldError } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { cellsOf, createErrors, refuses, updated, withPaths } from '../testing.ts'
import { validateApproval, validateSigning } from './request-rules.ts'

const PEM = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from([0x30, 0x03, 1, 2, 3]).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
const REQUEST = {
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'node:n1' },
  spec: {
    request: Buffer.from(PEM).toString('base64'),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    username: 'ann',
    expirationSeconds: 86400,
  },
}

refuses(REQUEST, [
  [
    'holds a request',
    { 'spec.request': Buffer.from('hello').toString('base64') },
    ['spec.request: Invalid value: "aGVsbG8=": PEM block type must be CERTIFICATE REQUEST'],
  ],
  ['says what for', { 'spec.usages': [] }, ['spec.usages: Required value']],
  ['says it once', { 'spec.usages': ['any', 'any'] }, ['spec.usages[1]: Duplicate value: "any"']],
  ['names a signer', { 'spec.signerName': '' }, ['spec.signerName: Required value']],
  [
    'names a signer by domain and path',
    { 'spec.signerName': 'signer' },
    [
      'spec.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
    ],
  ],
  [
    'names a signer of a whole domain',
    { 'spec.signerName': 'com/x' },
    [
      'spec.signerName: Invalid value: "com": should be a domain with at least two segments separated by dots',
    ],
  ],
  [
    'lasts ten minutes',
    { 'spec.expirationSeconds': 60 },
    [
      'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  ],
])

test('knows its usages', () => {
  const [error] = createErrors(withPaths(REQUEST, { 'spec.usages': ['flying'] }))
  assert.match(
    error!,
    /^spec\.usages\[0\]: Unsupported value: "flying": supported values: "any", "cert sign", /,
  )
})

test('is approved or denied, not both', () => {
  const conditions = [
    { type: 'Approved', status: 'True' },
    { type: 'Denied', status: 'False' },
    { type: 'Mine' },
  ]
  const object = { ...REQUEST, status: { conditions } }
  assert.deepEqual(shown(validateApproval(object, object)), [
    'status.conditions[1].status: Unsupported value: "False": supported values: "True"',
    'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    'status.conditions[2].status: Required value',
  ])
})

test('who signs decides nothing, and what was decided or issued stays', () => {
  const old = {
    ...REQUEST,
    status: { conditions: [{ type: 'Approved', status: 'True' }], certificate: 'eA==' },
  }
  const undecided = { ...REQUEST, status: {} }
  const failed = { type: 'Failed', status: 'True' }
  const errors = (status: object, before: KubeObject) =>
    shown(validateSigning({ ...REQUEST, status }, before))
  assert.deepEqual(errors(old.status, undecided), [
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ])
  assert.deepEqual(errors({ conditions: [failed] }, undecided), [])
  assert.deepEqual(errors({ ...old.status, conditions: [...old.status.conditions, failed] }, old), [])
  assert.deepEqual(errors({}, old), [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    'status.certificate: Forbidden: updates may not modify existing certificate content',
  ])
})

const shown = (errors: FieldError[]) => errors.map(({ field, message }) => `${field}: ${message}`)

test('stays what was asked', () => {
  assert.equal(updated(REQUEST, withPaths(REQUEST, { 'spec.username': 'eve' })).spec.username, 'ann')
})

test('the table shows who asks whom, and how it went', () => {
  const issued = withPaths(REQUEST, {
    status: { conditions: [{ type: 'Approved', status: 'True' }], certificate: 'eA==' },
  })
  assert.deepEqual(cellsOf(issued), {
    Name: 'node:n1',
    Age: '<unknown>',
    SignerName: 'kubernetes.io/kube-apiserver-client',
    Requestor: 'ann',
    RequestedDuration: '24h',
    Condition: 'Approved,Issued',
  })
  assert.equal(cellsOf(REQUEST)['Condition'], 'Pending')
})
