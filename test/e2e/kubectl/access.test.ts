// Who may do what: kubectl auth, impersonation, tokens, and certificates from a request made with openssl.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@brume/testkit/eventually'
import type { Shell } from './session.ts'
import { fails, kubectlSuite, warns } from './steps.ts'

const RBAC = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: rr, namespace: $NS}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rrb, namespace: $NS}
subjects: [{kind: User, name: z, apiGroup: rbac.authorization.k8s.io}]
roleRef: {kind: Role, name: rr, apiGroup: rbac.authorization.k8s.io}
`
const RECONCILED =
  'role.rbac.authorization.k8s.io/rr reconciled\nrolebinding.rbac.authorization.k8s.io/rrb reconciled'
const forbidden = (what: string, why: string) =>
  fails(`Error from server (Forbidden): ${what} is forbidden: User ${why}`)

kubectlSuite('kubectl auth and certificates', [
  {
    name: 'auth',
    files: { 'rbac.yaml': RBAC, 'more.yaml': RBAC.replace('[get]', '[get, list]') },
    steps: [
      ['create rolebinding rb --clusterrole=view --user=u', /created$/],
      ['auth can-i get pods', 'yes'],
      ["auth can-i '*' '*'", 'yes'],
      ['auth can-i get pods --as=u', 'yes'],
      ['auth can-i get pods --as=bob', { code: 1, out: 'no' }],
      ['auth can-i get secrets --as=u', { code: 1, out: 'no' }],
      ['auth can-i list nodes --as=x --as-group=system:masters', { out: 'yes', err: /not namespace scoped/ }],
      ['auth can-i get pods --subresource=log --as=u', 'yes'],
      ['auth can-i get /healthz --as=u', 'yes'],
      ['auth can-i get /metrics --as=u', { code: 1, out: 'no' }],
      [
        'auth can-i --list --as=u',
        /^Resources +Non-Resource URLs +Resource Names +Verbs\n[\s\S]*\npods\/log +\[\] +\[\] +\[get list watch\]\n[\s\S]* \[\/healthz\] +\[\] +\[get\]\n/,
      ],
      ['get pods --as=u', { out: '', err: 'No resources found in $NS namespace.' }],
      [
        'get pods --as=bob',
        forbidden('pods', '"bob" cannot list resource "pods" in API group "" in the namespace "$NS"'),
      ],
      [
        'get deploy x --as=bob',
        forbidden(
          'deployments.apps "x"',
          '"bob" cannot get resource "deployments" in API group "apps" in the namespace "$NS"',
        ),
      ],
      [
        'get pods -A --as=u',
        forbidden('pods', '"u" cannot list resource "pods" in API group "" at the cluster scope'),
      ],
      [
        'delete cm x --as=system:serviceaccount:$NS:default',
        forbidden(
          'configmaps "x"',
          '"system:serviceaccount:$NS:default" cannot delete resource "configmaps" in API group "" in the namespace "$NS"',
        ),
      ],
      [
        'create cm x --as=bob',
        fails(
          'error: failed to create configmap: configmaps is forbidden: User "bob" cannot create resource "configmaps" in API group "" in the namespace "$NS"',
        ),
      ],
      [
        'get --raw /metrics --as=bob',
        fails('Error from server (Forbidden): forbidden: User "bob" cannot get path "/metrics"'),
      ],
      [
        'auth whoami',
        /^ATTRIBUTE +VALUE\nUsername +brume-admin\nGroups +\[system:masters system:authenticated\]/,
        { since: 28 },
      ],
      [
        'auth whoami --as=bob --as-group=g --as-uid=5',
        /\nUsername +bob\nUID +5\nGroups +\[g system:authenticated\]$/,
        { since: 28 },
      ],
      [
        "auth whoami -o 'jsonpath={.kind} {.status.userInfo.username}' --as=bob",
        'SelfSubjectReview bob',
        { since: 28 },
      ],
      [
        'auth reconcile -f rbac.yaml',
        warns(/reconciliation required create\n\tmissing rules added:\n/, RECONCILED),
      ],
      ['auth can-i list pods --as=z', { code: 1, out: 'no' }],
      [
        'auth reconcile -f more.yaml',
        warns(/reconciliation required update\n\tmissing rules added:\n/, RECONCILED),
      ],
      ['auth reconcile -f more.yaml', RECONCILED],
      ['auth can-i list pods --as=z', 'yes'],
      [
        `patch rolebinding rrb --type=merge -p '{"roleRef":{"name":"other"}}'`,
        fails(
          'The RoleBinding "rrb" is invalid: roleRef: Invalid value: rbac.RoleRef{APIGroup:"rbac.authorization.k8s.io", Kind:"Role", Name:"other"}: cannot change roleRef',
        ),
      ],
      [
        'create role wide --verb=get --resource=secrets --as=u',
        fails(
          /^Error from server \(Forbidden\): roles.rbac.authorization.k8s.io is forbidden: User "u" cannot create resource "roles" in API group/,
        ),
      ],
    ],
  },
  { name: 'certificates', needs: 'openssl', steps: [], also: certificates },
  { name: 'credentials', steps: [], also: credentials },
])

function request(name: string, folder: string): string {
  const args = [
    'req',
    '-new',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    `/CN=${name}/O=devs`,
  ]
  execFileSync(
    'openssl',
    [...args, '-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.csr`)],
    { stdio: 'ignore' },
  )
  return JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: readFileSync(join(folder, `${name}.csr`)).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      expirationSeconds: 3600,
    },
  })
}

async function certificates(shell: Shell): Promise<void> {
  const { must, run, folder, kubectl } = shell
  const [jane, joe] = [`jane-${kubectl.minor}`, `joe-${kubectl.minor}`]
  await must(['create', '-f', '-'], { stdin: request(jane, folder) })
  await must(['create', '-f', '-'], { stdin: request(joe, folder) })
  assert.match(
    await must(['get', 'csr', jane]),
    /^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION\n\S+ +\S+ +kubernetes.io\/kube-apiserver-client +brume-admin +60m +Pending\n$/,
  )
  assert.match(
    await must(['describe', 'csr', jane]),
    /\nRequesting User: +brume-admin\n[\s\S]*\n +Common Name: +jane-\d\d\n[\s\S]* Organization: +devs\n/,
  )
  assert.equal(
    await must(['certificate', 'approve', jane]),
    `certificatesigningrequest.certificates.k8s.io/${jane} approved\n`,
  )
  assert.equal(
    await must(['certificate', 'deny', joe]),
    `certificatesigningrequest.certificates.k8s.io/${joe} denied\n`,
  )
  assert.match(
    (await run(['certificate', 'approve', joe])).stderr,
    /^error: certificate signing request "joe-\d\d" is already Denied/,
  )
  assert.equal(
    (await run(['certificate', 'approve', 'nope'])).stderr,
    'Error from server (NotFound): certificatesigningrequests.certificates.k8s.io "nope" not found\n',
  )
  const issued = await eventually('the certificate', () =>
    must(['get', 'csr', jane, '-o', 'jsonpath={.status.certificate}']),
  )
  shell.write('jane.crt', Buffer.from(issued, 'base64').toString())
  assert.match(await must(['get', 'csr', jane, joe, '--no-headers']), / Approved,Issued\n.* Denied\n$/)
  await must(['create', 'rolebinding', 'devs', '--clusterrole=view', '--group=devs'])
  await must([
    'config',
    'set-credentials',
    'jane',
    `--client-certificate=${join(folder, 'jane.crt')}`,
    `--client-key=${join(folder, `${jane}.key`)}`,
  ])
  assert.equal(
    (await run(['get', 'pods', '--user=jane'])).stderr,
    `No resources found in ${shell.namespace} namespace.\n`,
  )
  assert.match(
    (await run(['get', 'secrets', '--user=jane'])).stderr,
    /^Error from server \(Forbidden\): secrets is forbidden: User "jane-\d\d" cannot list resource "secrets"/,
  )
}

async function credentials({ must, run, namespace }: Shell): Promise<void> {
  await must(['config', 'set-credentials', 'nobody'])
  // kubectl asks for a name and a password where it has nothing to show.
  const anonymous = await run([
    'get',
    '--raw',
    '/api/v1/pods',
    '--user=nobody',
    '--username=a',
    '--password=b',
  ])
  assert.match(
    anonymous.stderr,
    /^Error from server \(Forbidden\): pods is forbidden: User "system:anonymous" cannot list resource "pods"/,
  )
  const wrong = await run(['get', '--raw', '/api/v1/pods', '--user=nobody', '--token=abc'])
  assert.equal(wrong.stderr, 'error: You must be logged in to the server (Unauthorized)\n')
  const token = (await must(['create', 'token', 'default'])).trim()
  const account = await run(['get', 'pods', '--user=nobody', `--token=${token}`])
  assert.match(
    account.stderr,
    new RegExp(
      `^Error from server \\(Forbidden\\): pods is forbidden: User "system:serviceaccount:${namespace}:default" cannot list`,
    ),
  )
  await must(['create', 'rolebinding', 'self', '--clusterrole=edit', `--serviceaccount=${namespace}:default`])
  assert.equal(
    await must(['create', 'configmap', 'mine', '--user=nobody', `--token=${token}`]),
    'configmap/mine created\n',
  )
}
