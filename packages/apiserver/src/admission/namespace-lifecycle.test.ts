import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStatus, type StatusReason } from '@brume/base/errors'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { admissionRequest, admit, object, type RequestFields, testState } from './testing.ts'

const pod = (namespace: string) => object('Pod', { namespace, name: 'p' })

function run(of: string, fields: RequestFields): Promise<unknown> {
  const { objects, deps } = testState()
  objects.put('', 'namespaces', object('Namespace', { name: 'live' }, { status: { phase: 'Active' } }))
  objects.put('', 'namespaces', object('Namespace', { name: 'ending' }, { status: { phase: 'Terminating' } }))
  return admit(namespaceLifecycle(deps), admissionRequest(of, fields))
}

const ALLOWED: [string, string, RequestFields][] = [
  ['creates in a live namespace', '/pods/', { object: pod('live') }],
  ['updates in one that is ending', '/pods/', { operation: 'UPDATE', object: pod('ending') }],
  ['deletes in one that is gone', '/pods/', { operation: 'DELETE', oldObject: pod('gone') }],
  ['creates without a namespace', '/nodes/', { object: object('Node', { name: 'n' }) }],
  ['deletes an ordinary namespace', '/namespaces/', { operation: 'DELETE', name: 'live', namespace: 'live' }],
  [
    'updates a namespace',
    '/namespaces/',
    { operation: 'UPDATE', object: object('Namespace', { name: 'default' }) },
  ],
  ['asks for rights anywhere', 'authorization.k8s.io/localsubjectaccessreviews/', { namespace: 'gone' }],
]
for (const [what, of, fields] of ALLOWED) {
  test(what, async () => {
    await run(of, fields)
  })
}

const REFUSED: [string, string, RequestFields, StatusReason, string][] = [
  ['a namespace that is gone', '/pods/', { object: pod('gone') }, 'NotFound', 'namespaces "gone" not found'],
  [
    'an update in one that is gone',
    '/pods/',
    { operation: 'UPDATE', object: pod('gone') },
    'NotFound',
    'namespaces "gone" not found',
  ],
  [
    'one that is ending',
    '/pods/',
    { object: pod('ending') },
    'Forbidden',
    'pods "p" is forbidden: unable to create new content in namespace ending because it is being terminated',
  ],
  ...['default', 'kube-system', 'kube-public'].map(
    (name): [string, string, RequestFields, StatusReason, string] => [
      `deletion of ${name}`,
      '/namespaces/',
      { operation: 'DELETE', name, namespace: name },
      'Forbidden',
      `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    ],
  ),
]
for (const [what, of, fields, reason, message] of REFUSED) {
  test(`refuses ${what}`, () =>
    assert.rejects(run(of, fields), (error) => {
      assert.ok(isStatus(error, reason), String(error))
      assert.equal(error.message, message)
      return true
    }))
}

test('tells a client that the namespace is the cause', () =>
  assert.rejects(run('/pods/', { object: pod('ending') }), (error) => {
    assert.ok(isStatus(error, 'Forbidden'))
    assert.deepEqual(error.details, {
      name: 'p',
      kind: 'pods',
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: 'namespace ending is being terminated',
          field: 'metadata.namespace',
        },
      ],
    })
    return true
  }))
