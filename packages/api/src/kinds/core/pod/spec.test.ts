import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../../validate/json.ts'
import { createErrors, lines, podObject } from '../../fixtures.ts'
import { pod } from './kind.ts'
import { validatePodTemplate } from './template.ts'

const check = (cases: [Json, string[]][]) => {
  for (const [spec, expected] of cases) assert.deepEqual(createErrors(pod, podObject(spec)), expected)
}

test('choices and names of a pod', () => {
  check([
    [
      { restartPolicy: 'Maybe' },
      ['spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"'],
    ],
    [
      { dnsPolicy: 'X' },
      [
        'spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
      ],
    ],
    [{ hostname: 'a.b' }, ['spec.hostname: Invalid value: "a.b": must not contain dots']],
    [
      { activeDeadlineSeconds: 0 },
      ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
    ],
    [
      { preemptionPolicy: 'X' },
      ['spec.preemptionPolicy: Unsupported value: "X": supported values: "PreemptLowerPriority", "Never"'],
    ],
    [{ os: {} }, ['spec.os.name: Required value: cannot be empty']],
    [
      { os: { name: 'plan9' } },
      ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
    ],
    [
      { os: { name: 'windows' }, securityContext: { fsGroup: 1 } },
      ['spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod'],
    ],
    [
      { os: { name: 'linux' }, securityContext: { windowsOptions: { runAsUserName: 'a' } } },
      ['spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod'],
    ],
    [
      { hostUsers: false, hostNetwork: true },
      ['spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false'],
    ],
    [
      { overhead: { cpu: '-1' } },
      ['spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
    ],
    [{ readinessGates: [{ conditionType: 'a/b' }] }, []],
    [
      { resourceClaims: [{ name: 'r' }] },
      [
        'spec.resourceClaims[0]: Invalid value: {"name":"r"}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
      ],
    ],
    [
      { nodeName: 'n', schedulingGates: [{ name: 'a/b' }] },
      ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
    ],
    [
      { schedulingGates: [{ name: 'a/b' }, { name: 'a/b' }] },
      ['spec.schedulingGates[1]: Duplicate value: "a/b"'],
    ],
  ])
})

test('names resolved', () => {
  check([
    [
      { dnsPolicy: 'None' },
      ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    ],
    [
      { dnsPolicy: 'None', dnsConfig: {} },
      [
        'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
      ],
    ],
    [
      { dnsConfig: { nameservers: ['x'] } },
      [
        'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
    [
      { dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } },
      [
        'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers',
      ],
    ],
    [{ dnsConfig: { searches: ['example.com.'], options: [{ name: 'ndots', value: '2' }] } }, []],
    [{ dnsConfig: { options: [{}] } }, ['spec.dnsConfig.options[0]: Required value: must not be empty']],
    [
      { hostAliases: [{ ip: 'x', hostnames: ['ok'] }] },
      [
        'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
  ])
})

test('security of the pod', () => {
  const S = 'spec.securityContext'
  check([
    [
      { securityContext: { supplementalGroups: [-1] } },
      [`${S}.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive`],
    ],
    [
      { securityContext: { fsGroupChangePolicy: 'X' } },
      [`${S}.fsGroupChangePolicy: Unsupported value: "X": supported values: "Always", "OnRootMismatch"`],
    ],
    [
      { securityContext: { sysctls: [{ name: 'net.core.somaxconn' }] }, hostNetwork: true },
      [
        `${S}.sysctls[0].name: Invalid value: "net.core.somaxconn": may not be specified when 'hostNetwork' is true`,
      ],
    ],
    [
      { securityContext: { sysctls: [{ name: 'a.b' }, { name: 'a.b' }] } },
      [`${S}.sysctls[1].name: Duplicate value: "a.b"`],
    ],
    [
      { shareProcessNamespace: true, hostPID: true },
      [
        `${S}.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled`,
      ],
    ],
  ])
})

test('tolerations', () => {
  const T = 'spec.tolerations[0]'
  check([
    [{ tolerations: [{ operator: 'Exists' }] }, []],
    [
      { tolerations: [{}] },
      [
        `${T}.operator: Invalid value: "": operator must be Exists when \`key\` is empty, which means "match all values and all keys"`,
      ],
    ],
    [
      { tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] },
      [`${T}.operator: Invalid value: "x": value must be empty when \`operator\` is 'Exists'`],
    ],
    [
      { tolerations: [{ key: 'a', operator: 'Lt' }] },
      [`${T}.operator: Unsupported value: "Lt": supported values: "Equal", "Exists"`],
    ],
    [
      { tolerations: [{ key: 'a', effect: 'Never' }] },
      [
        `${T}.effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"`,
      ],
    ],
    [
      { tolerations: [{ key: 'a', effect: 'NoSchedule', tolerationSeconds: 1 }] },
      [
        `${T}.effect: Invalid value: "NoSchedule": effect must be 'NoExecute' when \`tolerationSeconds\` is set`,
      ],
    ],
  ])
})

test('affinity', () => {
  const required = 'requiredDuringSchedulingIgnoredDuringExecution'
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
  const node = (terms: Json[]) => ({
    affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: terms } } },
  })
  const N = `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms`
  const pods = (term: Json) => ({ affinity: { podAntiAffinity: { [required]: [term] } } })
  const P = `spec.affinity.podAntiAffinity.${required}[0]`
  check([
    [node([]), [`${N}: Required value: must have at least one node selector term`]],
    [
      node([{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1', '2'] }] }]),
      [
        `${N}[0].matchExpressions[0].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
      ],
    ],
    [
      node([{ matchExpressions: [{ key: 'a', operator: 'Is' }] }]),
      [`${N}[0].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator`],
    ],
    [
      node([{ matchFields: [{ key: 'metadata.uid', operator: 'In', values: ['a'] }] }]),
      [`${N}[0].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key`],
    ],
    [
      { affinity: { nodeAffinity: { [preferred]: [{ weight: 0, preference: {} }] } } },
      [`spec.affinity.nodeAffinity.${preferred}[0].weight: Invalid value: 0: must be in the range 1-100`],
    ],
    [pods({ topologyKey: 'x', labelSelector: {} }), []],
    [
      pods({ topologyKey: 'x', matchLabelKeys: ['a'] }),
      [`${P}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`],
    ],
    [
      pods({ topologyKey: 'x', labelSelector: {}, matchLabelKeys: ['a'], mismatchLabelKeys: ['a'] }),
      [`${P}.matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys`],
    ],
  ])
  assert.equal(
    createErrors(pod, podObject(pods({})))[0],
    `${P}.topologyKey: Required value: can not be empty`,
  )
})

test('topology spread', () => {
  const S = 'spec.topologySpreadConstraints'
  const good = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} }
  const spread = (...constraints: Json[]) => ({ topologySpreadConstraints: constraints })
  check([
    [spread(good), []],
    [
      spread(good, good),
      [`${S}[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"`],
    ],
    [spread({ ...good, maxSkew: 0 }), [`${S}[0].maxSkew: Invalid value: 0: must be greater than zero`]],
    [
      spread({ ...good, whenUnsatisfiable: 'X' }),
      [
        `${S}[0].whenUnsatisfiable: Unsupported value: "X": supported values: "DoNotSchedule", "ScheduleAnyway"`,
      ],
    ],
    [
      spread({ ...good, whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 }),
      [
        `${S}[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway`,
      ],
    ],
    [
      spread({ ...good, nodeTaintsPolicy: 'X' }),
      [`${S}[0].nodeTaintsPolicy: Unsupported value: "X": supported values: "Honor", "Ignore"`],
    ],
    [
      spread({ ...good, labelSelector: { matchLabels: { a: 'b' } }, matchLabelKeys: ['a'] }),
      [`${S}[0].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector`],
    ],
  ])
})

test('annotations that mean something', () => {
  const annotated = (annotations: Json, spec: Json = {}) =>
    createErrors(pod, podObject(spec, { annotations }))
  assert.deepEqual(annotated({ 'kubernetes.io/config.mirror': 'x' }), [
    'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
  ])
  assert.deepEqual(annotated({ 'controller.kubernetes.io/pod-deletion-cost': '+1' }), [
    'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
  ])
  const key = 'container.apparmor.security.beta.kubernetes.io/c'
  assert.deepEqual(annotated({ [key]: 'odd' }), [
    `metadata.annotations[${key}]: Invalid value: "odd": invalid AppArmor profile name: "odd"`,
  ])
  const spec = { securityContext: { appArmorProfile: { type: 'Unconfined' } } }
  assert.deepEqual(annotated({ [key]: 'runtime/default' }, spec), [
    'spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match',
  ])
})

test('templates have no ephemeral containers and may leave host ports open', () => {
  const template = podObject({
    hostNetwork: true,
    containers: [{ name: 'c', image: 'a', ports: [{ containerPort: 80 }] }],
    ephemeralContainers: [{ name: 'e', image: 'a' }],
  })
  pod.setDefaults?.(template)
  template['spec'].containers[0].ports[0].hostPort = 0
  assert.deepEqual(lines(validatePodTemplate(template, 'spec.template')), [
    'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
  ])
})
