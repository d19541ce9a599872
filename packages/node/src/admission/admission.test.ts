import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { testContainer, testPod } from '../containers/testing.ts'
import type { Pod } from '../contract.ts'
import { PodAdmission } from './admission.ts'

const node = (allocatable: object = { pods: '110' }): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1', labels: { disk: 'ssd', cores: '8' } },
  status: { allocatable },
})

let uids = 0
const pod = (spec: object = {}, status?: object): Pod => ({
  ...testPod(spec, { uid: `uid-${++uids}` }),
  ...(status === undefined ? {} : { status }),
})

/** What the node says of the last pod, beside the others. */
function verdict(pods: Pod[], of: KubeObject | undefined = node()) {
  const admission = new PodAdmission({ pods: () => pods, node: () => of })
  return pods.map((one) => admission.refusalOf(one)).at(-1)
}

const sysctl = (name: string, spec: object = {}) =>
  pod({ ...spec, securityContext: { sysctls: [{ name, value: '1' }] } })
const port = (hostPort: number, more: object = {}) =>
  pod({ containers: [testContainer({ ports: [{ containerPort: 80, hostPort, ...more }] })] })
const affinity = (...terms: object[]) =>
  pod({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    },
  })
const expression = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
})

const SYSCTLS: [Pod, string | undefined][] = [
  [sysctl('net.ipv4.tcp_syncookies'), undefined],
  [sysctl('net/ipv4/tcp_syncookies'), undefined],
  [sysctl('kernel.shm_rmid_forced'), undefined],
  [sysctl('kernel.shm_rmid_forced', { hostNetwork: true }), undefined],
  [sysctl('kernel.panic'), 'forbidden sysctl: "kernel.panic" not allowlisted'],
  [sysctl('net.core.somaxconn'), 'forbidden sysctl: "net.core.somaxconn" not allowlisted'],
  [sysctl('__proto__'), 'forbidden sysctl: "__proto__" not allowlisted'],
  [
    sysctl('net.ipv4.tcp_rmem', { hostNetwork: true }),
    'forbidden sysctl: "net.ipv4.tcp_rmem" not allowed with host Net enabled',
  ],
  [
    sysctl('kernel.shm_rmid_forced', { hostIPC: true }),
    'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host IPC enabled',
  ],
]

for (const [given, message] of SYSCTLS) {
  test(`sysctls: ${JSON.stringify(given['spec'].securityContext.sysctls[0].name)} ${message ?? 'may be'}`, () => {
    assert.deepEqual(verdict([given]), message && { reason: 'SysctlForbidden', message })
  })
}

const NODES: [string, Pod, boolean][] = [
  ['its label', pod({ nodeSelector: { disk: 'ssd' } }), true],
  ['another label', pod({ nodeSelector: { disk: 'hdd' } }), false],
  ['one of two terms', affinity(expression('disk', 'In', 'hdd'), expression('disk', 'In', 'ssd')), true],
  ['a term of nothing', affinity({}), false],
  ['no such label', affinity(expression('gpu', 'DoesNotExist')), true],
  ['a label that is there', affinity(expression('gpu', 'Exists')), false],
  ['a value that is not', affinity(expression('gpu', 'NotIn', 'x')), true],
  ['more than it has', affinity(expression('cores', 'Gt', '8')), false],
  ['less than some', affinity(expression('cores', 'Lt', '9')), true],
  ['more than no number', affinity(expression('disk', 'Gt', '1')), false],
  [
    'its name',
    affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }] }),
    true,
  ],
  [
    'another name',
    affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }),
    false,
  ],
]

for (const [what, given, expected] of NODES) {
  test(`a pod that asks for ${what} is ${expected ? 'let in' : 'refused'}`, () => {
    const message = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
    assert.deepEqual(verdict([given]), expected ? undefined : { reason: 'NodeAffinity', message })
  })
}

const PORTS: [string, Pod[], boolean][] = [
  ['another port', [port(80), port(81)], true],
  ['another protocol', [port(53), port(53, { protocol: 'UDP' })], true],
  ['another address', [port(80, { hostIP: '127.0.0.1' }), port(80, { hostIP: '192.0.2.1' })], true],
  ['the same', [port(80), port(80)], false],
  ['the same of all addresses', [port(80, { hostIP: '127.0.0.1' }), port(80)], false],
]

for (const [what, pods, expected] of PORTS) {
  test(`a pod with ${what} beside another is ${expected ? 'let in' : 'refused'}`, () => {
    const message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
    assert.deepEqual(verdict(pods), expected ? undefined : { reason: 'NodePorts', message })
  })
}

test('pods that have ended, or were refused themselves, take no port', () => {
  const { spec } = port(80)
  assert.equal(verdict([pod(spec, { phase: 'Succeeded' }), port(80)]), undefined)
  assert.equal(verdict([sysctl('kernel.panic', spec), port(80)]), undefined)
})

test('no more pods than the node takes', () => {
  const message = "Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2"
  assert.deepEqual(verdict([pod(), pod(), pod()], node({ pods: '2' })), { reason: 'OutOfpods', message })
})

test('Windows is not here', () => {
  assert.equal(verdict([pod({ os: { name: 'windows' } })])?.reason, 'PodOSNotSupported')
  assert.equal(verdict([pod({ os: { name: 'linux' } })]), undefined)
})

test('whoever is in stays in: after a change of the node, and after a restart of the agent', () => {
  const asks = pod({ nodeSelector: { disk: 'ssd' } })
  let now: KubeObject | undefined = node()
  const admission = new PodAdmission({ pods: () => [asks], node: () => now })
  assert.equal(admission.refusalOf(asks), undefined)
  now = { ...node(), metadata: { name: 'node-1', labels: {} } }
  assert.equal(admission.refusalOf(asks), undefined)
  const later = new PodAdmission({ pods: () => [asks], node: () => now })
  assert.equal(later.refusalOf({ ...asks, status: { startTime: '2026-01-01T00:00:00Z' } }), undefined)
  assert.equal(later.refusalOf(pod({ nodeSelector: { disk: 'ssd' } }))?.reason, 'NodeAffinity')
})
