import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { admissionRequest, admit, object, testState } from '../testing.ts'
import { podSecurity } from './plugin.ts'
import { describeViolations, readPolicy, violations } from './policy.ts'

type Fields = Record<string, unknown>
const GOOD: Fields = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
}
const bad = (name: string, securityContext: Fields = {}, more: Fields = {}) => ({
  name,
  image: 'i',
  securityContext,
  ...more,
})
const pod = (spec: Fields, metadata: KubeObject['metadata'] = {}): KubeObject =>
  object(
    'Pod',
    { namespace: 'ns', name: 'p', ...metadata },
    { spec: { containers: [bad('a', GOOD)], ...spec } },
  )

const level = (of: 'baseline' | 'restricted', minor = Number.POSITIVE_INFINITY) => ({ level: of, minor })

const BASELINE: [Fields, string][] = [
  [{ hostNetwork: true, hostIPC: true }, 'host namespaces (hostNetwork=true, hostIPC=true)'],
  [
    { containers: [bad('a', { privileged: true }), bad('b', { privileged: true })] },
    'privileged (containers "a", "b" must not set securityContext.privileged=true)',
  ],
  [
    { containers: [bad('a', { capabilities: { add: ['NET_ADMIN', 'CHOWN', 'BPF'] } })] },
    'non-default capabilities (container "a" must not include "BPF", "NET_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    {
      volumes: [
        { name: 'v', hostPath: {} },
        { name: 'w', hostPath: {} },
      ],
    },
    'hostPath volumes (volumes "v", "w")',
  ],
  [
    { containers: [bad('a', {}, { ports: [{ hostPort: 80 }, { hostPort: 443 }, {}] })] },
    'hostPort (container "a" uses hostPorts 443, 80)',
  ],
  [
    { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
    'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
  ],
  [
    { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'x' } } },
    'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
  ],
  [
    { containers: [bad('a', { procMount: 'Unmasked' })] },
    'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    {
      securityContext: { seccompProfile: { type: 'Unconfined' } },
      initContainers: [bad('i', { seccompProfile: { type: 'Unconfined' } })],
    },
    'seccompProfile (pod and container "i" must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    { securityContext: { sysctls: [{ name: 'constructor' }, { name: 'net.ipv4.tcp_rmem' }] } },
    'forbidden sysctls (constructor)',
  ],
  [
    { securityContext: { windowsOptions: { hostProcess: true } } },
    'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    { ephemeralContainers: [bad('debug', { privileged: true })] },
    'privileged (container "debug" must not set securityContext.privileged=true)',
  ],
]
for (const [spec, expected] of BASELINE) {
  test(`baseline: ${expected}`, () => {
    assert.equal(describeViolations(violations(pod(spec) as never, level('baseline'))), expected)
  })
}

const RESTRICTED: [Fields, string][] = [
  [
    { containers: [bad('a')] },
    'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    {
      containers: [
        bad('a', { ...GOOD, capabilities: { drop: ['ALL'], add: ['CHOWN', 'NET_BIND_SERVICE'] } }),
      ],
    },
    'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  [
    {
      volumes: [
        { name: 'v', hostPath: {} },
        { name: 'n', nfs: {} },
        { name: 'c', configMap: {} },
      ],
    },
    'restricted volume types (volumes "v", "n" use restricted volume types "hostPath", "nfs")',
  ],
  [
    { containers: [bad('a', { ...GOOD, runAsNonRoot: false })] },
    'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)',
  ],
  [{ securityContext: { runAsUser: 0 } }, 'runAsUser=0 (pod must not set runAsUser=0)'],
  [
    { hostPID: true, containers: [bad('a', { ...GOOD, seccompProfile: { type: 'Unconfined' } })] },
    'host namespaces (hostPID=true), seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
]
for (const [spec, expected] of RESTRICTED) {
  test(`restricted: ${expected.slice(0, 100)}`, () => {
    assert.equal(describeViolations(violations(pod(spec) as never, level('restricted'))), expected)
  })
}

test('a pod that keeps to it breaks nothing', () => {
  assert.deepEqual(violations(pod({}) as never, level('restricted')), [])
  const atPod = { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'Localhost' } } }
  const containers = [bad('a', { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } })]
  assert.deepEqual(violations(pod({ ...atPod, containers }) as never, level('restricted')), [])
})

test('an older policy knows only what there was', () => {
  const rmem = pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem' }], runAsUser: 0 } })
  assert.equal(
    describeViolations(violations(rmem as never, level('restricted', 22))),
    'forbidden sysctls (net.ipv4.tcp_rmem)',
  )
  assert.match(describeViolations(violations(rmem as never, level('restricted', 32))), /^runAsUser=0/)
})

test('labels say level and version; warnings follow what is enforced', () => {
  const { policy, errors } = readPolicy({
    'pod-security.kubernetes.io/enforce': 'baseline',
    'pod-security.kubernetes.io/enforce-version': 'v1.25',
  })
  assert.deepEqual(errors, [])
  assert.deepEqual(policy.enforce, level('baseline', 25))
  assert.deepEqual(policy.warn, level('baseline', 25))
  assert.equal(policy.audit.level, 'privileged')
})

function state(labels: Record<string, string>) {
  const { objects, deps } = testState()
  objects.put('', 'namespaces', object('Namespace', { name: 'ns', labels }))
  return { objects, plugin: podSecurity(deps) }
}
const ENFORCE = { 'pod-security.kubernetes.io/enforce': 'baseline' }

test('a pod against the enforced level is refused, without a warning', async () => {
  const warnings: string[] = []
  const { plugin } = state(ENFORCE)
  const request = admissionRequest('/pods/', { object: pod({ hostNetwork: true }), warnings })
  await assert.rejects(admit(plugin, request), {
    message:
      'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  })
  assert.deepEqual(warnings, [])
})

test('a level that cannot be read counts as the strictest', async () => {
  const { plugin } = state({ 'pod-security.kubernetes.io/enforce': 'strict' })
  const request = admissionRequest('/pods/', { object: pod({ containers: [bad('a')] }) })
  await assert.rejects(admit(plugin, request), /violates PodSecurity "restricted:latest"/)
})

test('a template against it is only warned of', async () => {
  const warnings: string[] = []
  const { plugin } = state(ENFORCE)
  const template = { metadata: {}, spec: { containers: [], hostNetwork: true } }
  const deployment = object('Deployment', { namespace: 'ns', name: 'd' }, { spec: { template } })
  await admit(plugin, admissionRequest('apps/deployments/', { object: deployment, warnings }))
  assert.deepEqual(warnings, [
    'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  ])
})

test('an update is looked at only when images or containers change', async () => {
  const { plugin } = state(ENFORCE)
  const old = pod({ hostNetwork: true })
  const update = (of: KubeObject, subresource = '') =>
    admit(
      plugin,
      admissionRequest(`/pods/${subresource}`, { operation: 'UPDATE', object: of, oldObject: old }),
    )
  await update(structuredClone(old))
  await update(pod({ hostNetwork: true, containers: [bad('a', GOOD, { image: 'j' })] }), 'status')
  await assert.rejects(
    update(pod({ hostNetwork: true, containers: [bad('a', GOOD, { image: 'j' })] })),
    /violates/,
  )
  await assert.rejects(
    update(pod({ hostNetwork: true, ephemeralContainers: [bad('d')] }), 'ephemeralcontainers'),
    /violates/,
  )
})

test('labels that cannot be read are Invalid', async () => {
  const { plugin } = state({})
  const labels = {
    'pod-security.kubernetes.io/enforce': 'strict',
    'pod-security.kubernetes.io/warn-version': '1.25',
  }
  const request = admissionRequest('/namespaces/', { object: object('Namespace', { name: 'n', labels }) })
  await assert.rejects(admit(plugin, request), (error) => {
    assert.ok(isStatus(error, 'Invalid'))
    assert.equal(
      error.message,
      'Namespace "n" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.25": must be "latest" or "v1.x"]',
    )
    return true
  })
})

test('a stricter namespace warns of the pods that are there', async () => {
  const warnings: string[] = []
  const { plugin, objects } = state({})
  for (const name of ['c', 'a', 'b'])
    objects.put('', 'pods', pod({ hostNetwork: true }, { namespace: 'ns', name }))
  objects.put(
    '',
    'pods',
    pod({ hostPID: true, volumes: [{ name: 'v', hostPath: {} }] }, { namespace: 'ns', name: 'z' }),
  )
  const namespace = object('Namespace', { name: 'ns', labels: ENFORCE })
  const oldObject = object('Namespace', { name: 'ns' })
  await admit(
    plugin,
    admissionRequest('/namespaces/', { operation: 'UPDATE', object: namespace, oldObject, warnings }),
  )
  assert.deepEqual(warnings, [
    'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
    'a (and 2 other pods): host namespaces',
    'z: host namespaces, hostPath volumes',
  ])
})
