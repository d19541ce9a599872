// Pod: a group of containers that run together on one node.

import type { KubeObject } from '../../../object.ts'
import { listOf } from '../../../validate/json.ts'
import { isDNS1123Label } from '../../../validate/names.ts'
import { defineKind } from '../../define.ts'
import { syncAppArmor } from './apparmor.ts'
import { podColumns } from './columns.ts'
import { defaultPod } from './defaults.ts'
import { mergeLabelKeys } from './label-keys.ts'
import { qosClassOf } from './qos.ts'
import { validatePodStatusUpdate } from './status-update.ts'
import { validatePodUpdate } from './update.ts'
import { validatePod, validatePodCreate } from './validate.ts'
import { podWarnings } from './warnings.ts'

const field = (read: (pod: KubeObject) => unknown) => (pod: KubeObject) => String(read(pod) ?? '')

export const pod = defineKind({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  hasGeneration: false,
  subresources: [
    { name: 'attach', kind: 'PodAttachOptions', verbs: ['create', 'get'] },
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] },
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    { name: 'portforward', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
    { name: 'proxy', kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    { name: 'resize', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
  ],
  columns: podColumns,
  selectableFields: {
    'spec.nodeName': field((pod) => pod['spec']?.nodeName),
    'spec.restartPolicy': field((pod) => pod['spec']?.restartPolicy),
    'spec.schedulerName': field((pod) => pod['spec']?.schedulerName),
    'spec.serviceAccountName': field((pod) => pod['spec']?.serviceAccountName),
    'spec.hostNetwork': (pod) => String(pod['spec']?.hostNetwork === true),
    'status.phase': field((pod) => pod['status']?.phase),
    'status.podIP': field((pod) => listOf(pod['status']?.podIPs)[0]?.ip ?? pod['status']?.podIP),
    'status.nominatedNodeName': field((pod) => pod['status']?.nominatedNodeName),
  },
  setDefaults: defaultPod,
  prepareForCreate(pod) {
    mergeLabelKeys(pod)
    syncAppArmor(pod)
    pod['status'] = { phase: 'Pending', qosClass: qosClassOf(pod['spec']) }
    if (listOf(pod['spec']?.schedulingGates).length === 0) return
    pod['status'].conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        lastProbeTime: null,
        lastTransitionTime: null,
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ]
  },
  prepareForUpdate(pod, old) {
    pod['status'] = old['status']
  },
  validate: validatePod,
  validateCreate: validatePodCreate,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  warnings(pod, old) {
    if (old !== undefined) return []
    return [...hostnameWarnings(pod.metadata.name ?? ''), ...podWarnings(pod['spec'], pod.metadata)]
  },
  gracePeriodSeconds(pod, requestedSeconds) {
    const phase = pod['status']?.phase
    if (!pod['spec']?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0
    const seconds = requestedSeconds ?? pod['spec'].terminationGracePeriodSeconds ?? 0
    return seconds < 0 ? 1 : seconds
  },
})

function hostnameWarnings(name: string): string[] {
  const wrong = isDNS1123Label(name)
  if (wrong.length === 0) return []
  const why = "this is used in the Pod's hostname, which can result in surprising behavior"
  return [`metadata.name: ${why}; a DNS label is recommended: [${wrong.join(' ')}]`]
}
