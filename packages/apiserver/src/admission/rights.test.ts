import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { PolicyRule } from '@brume/api/rbac/policy-rule'
import { certificateRequest } from '../auth/testing/certificate-request.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { admissionRequest, admit, object, type TestState, testState } from './testing.ts'

const RBAC = 'rbac.authorization.k8s.io'
const CSR = 'certificates.k8s.io/certificatesigningrequests/'
const SIGNER = 'example.com/serving'

/** Gives anna these rules. */
function holding(rules: PolicyRule[]): TestState {
  const state = testState()
  state.objects.put(RBAC, 'clusterroles', object('ClusterRole', { name: 'own' }, { rules }))
  const subjects = [{ kind: 'User', name: 'anna' }]
  const roleRef = { kind: 'ClusterRole', name: 'own' }
  state.objects.put(
    RBAC,
    'clusterrolebindings',
    object('ClusterRoleBinding', { name: 'b' }, { subjects, roleRef }),
  )
  return state
}
const signers = (verb: string, name: string): PolicyRule[] => [
  { verbs: [verb], apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: [name] },
]
const csr = (status: object = {}): KubeObject =>
  object('CertificateSigningRequest', { name: 'r' }, { spec: { signerName: SIGNER }, status })

const RIGHTS: [string, PolicyRule[], boolean][] = [
  ['no right', [], false],
  ['the right to another signer', signers('approve', 'example.com/other'), false],
  ['the right to sign', signers('sign', SIGNER), false],
  ['the right to this signer', signers('approve', SIGNER), true],
  ['the right to the domain', signers('approve', 'example.com/*'), true],
]
for (const [what, rules, expected] of RIGHTS) {
  test(`approving with ${what} is ${expected ? 'let' : 'stopped'}`, async () => {
    const { deps } = holding(rules)
    const request = admissionRequest(`${CSR}approval`, {
      operation: 'UPDATE',
      object: csr(),
      oldObject: csr(),
    })
    const admitted = admit(certificateApproval(deps), request)
    if (expected) return void (await admitted)
    await assert.rejects(admitted, {
      message:
        'certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to approve requests with signerName "example.com/serving"',
    })
  })
}

test('signing takes the right only when the certificate or the conditions change', async () => {
  const run = (rules: PolicyRule[], status: object) => {
    const { deps } = holding(rules)
    const fields = { operation: 'UPDATE' as const, object: csr(status), oldObject: csr() }
    return admit(certificateSigning(deps), admissionRequest(`${CSR}status`, fields))
  }
  await run([], {})
  await run(signers('sign', SIGNER), { certificate: 'x' })
  await assert.rejects(
    run([], { certificate: 'x' }),
    /user not permitted to sign requests with signerName "example.com\/serving"/,
  )
})

test('a request that cannot be read is refused for the API client signer only', async () => {
  const run = (signerName: string) => {
    const of = object('CertificateSigningRequest', { name: 'r' }, { spec: { signerName, request: 'AAAA' } })
    return admit(certificateSubjectRestriction(), admissionRequest(CSR, { object: of }))
  }
  await run(SIGNER)
  await assert.rejects(run('kubernetes.io/kube-apiserver-client'), /unable to parse CSR/)
})

test('nobody asks for a certificate of system:masters', async () => {
  const run = async (organization: string) => {
    const pem = await certificateRequest({ commonName: 'eve', organizations: [organization] })
    const spec = {
      signerName: 'kubernetes.io/kube-apiserver-client',
      request: Buffer.from(pem).toString('base64'),
    }
    const of = object('CertificateSigningRequest', { name: 'r' }, { spec })
    await admit(certificateSubjectRestriction(), admissionRequest(CSR, { object: of }))
  }
  await run('devs')
  await assert.rejects(
    run('system:masters'),
    /use of kubernetes.io\/kube-apiserver-client signer with system:masters group is not allowed/,
  )
})

const POWER: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
const role = (rules: PolicyRule[], metadata: object = {}) =>
  object('Role', { namespace: 'ns', name: 'r', ...metadata }, { rules })

test('a role beyond what its author holds is refused, and a change for the garbage collector is not', async () => {
  const run = (operation: 'CREATE' | 'UPDATE', of: KubeObject, old?: KubeObject) => {
    const { deps } = holding([])
    const fields = { operation, object: of, ...(old && { oldObject: old }) }
    return admit(rbacEscalation(deps), admissionRequest(`${RBAC}/roles/`, fields))
  }
  await assert.rejects(run('CREATE', role([POWER])), {
    message: `roles.${RBAC} "r" is forbidden: user "anna" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}`,
  })
  await run('UPDATE', role([POWER], { finalizers: ['example.com/a'] }), role([POWER]))
  // A label may make other roles gather this one's rules.
  await assert.rejects(
    run('UPDATE', role([POWER], { labels: { a: 'b' } }), role([POWER])),
    /not currently held/,
  )
  await assert.rejects(run('UPDATE', role([POWER]), role([])), /not currently held/)
})

test('a binding to a role beyond what its author holds is refused', async () => {
  const state = holding([])
  state.objects.put(RBAC, 'clusterroles', object('ClusterRole', { name: 'power' }, { rules: [POWER] }))
  const roleRef = { kind: 'ClusterRole', name: 'power' }
  const of = object('RoleBinding', { namespace: 'ns', name: 'b' }, { roleRef, subjects: [] })
  const run = (user: { name: string; groups: string[] }) =>
    admit(rbacEscalation(state.deps), admissionRequest(`${RBAC}/rolebindings/`, { object: of, user }))
  await assert.rejects(
    run({ name: 'anna', groups: [] }),
    /rolebindings.* "b" is forbidden: user "anna" \(groups=\[\]\)/,
  )
  await run({ name: 'root', groups: ['system:masters'] })
})
