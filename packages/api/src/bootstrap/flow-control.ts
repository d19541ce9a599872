// Priority levels and flow schemas of API Priority and Fairness: the mandatory ones and those that Kubernetes suggests.

import type { KubeObject } from '../object.ts'

const VERSION = 'flowcontrol.apiserver.k8s.io/v1'
const EVERYONE = ['Group:system:unauthenticated', 'Group:system:authenticated']
const ALL = ['*']
/** Rules of a schema that is about all requests of its subjects. */
export const EVERYTHING = {
  resourceRules: [{ verbs: ALL, apiGroups: ALL, resources: ALL, namespaces: ALL, clusterScope: true }],
  nonResourceRules: [{ verbs: ALL, nonResourceURLs: ALL }],
}
const LEASES = leaderElectionRule('coordination.k8s.io', ['leases'], ALL)

export const BOOTSTRAP_PRIORITY_LEVELS: readonly KubeObject[] = [
  priorityLevel('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
  priorityLevel('catch-all', limited({ shares: 5, lendablePercent: 0 })),
  priorityLevel('system', limited({ shares: 30, lendablePercent: 33, queues: 64, handSize: 6 })),
  priorityLevel('node-high', limited({ shares: 40, lendablePercent: 25, queues: 64, handSize: 6 })),
  priorityLevel('leader-election', limited({ shares: 10, lendablePercent: 0, queues: 16, handSize: 4 })),
  priorityLevel('workload-high', limited({ shares: 40, lendablePercent: 50, queues: 128, handSize: 6 })),
  priorityLevel('workload-low', limited({ shares: 100, lendablePercent: 90, queues: 128, handSize: 6 })),
  priorityLevel('global-default', limited({ shares: 20, lendablePercent: 50, queues: 128, handSize: 6 })),
]

export const BOOTSTRAP_FLOW_SCHEMAS: readonly KubeObject[] = [
  flowSchema('exempt', 'exempt', 1, undefined, { of: ['Group:system:masters'], ...EVERYTHING }),
  flowSchema('probes', 'exempt', 2, undefined, {
    of: EVERYONE,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  flowSchema('system-leader-election', 'leader-election', 100, 'ByUser', {
    of: ['User:system:kube-controller-manager', 'User:system:kube-scheduler', 'ServiceAccount:*'],
    resourceRules: [LEASES],
  }),
  flowSchema('endpoint-controller', 'workload-high', 150, 'ByUser', {
    of: [
      'User:system:kube-controller-manager',
      'ServiceAccount:endpoint-controller',
      'ServiceAccount:endpointslicemirroring-controller',
    ],
    resourceRules: [
      { verbs: ['get', 'create', 'update'], apiGroups: [''], resources: ['endpoints'], namespaces: ALL },
    ],
  }),
  flowSchema('workload-leader-election', 'leader-election', 200, 'ByUser', {
    of: ['ServiceAccount:*'],
    resourceRules: [LEASES],
  }),
  flowSchema('system-node-high', 'node-high', 400, 'ByUser', {
    of: ['Group:system:nodes'],
    resourceRules: [
      {
        verbs: ALL,
        apiGroups: [''],
        resources: ['nodes', 'nodes/status'],
        namespaces: ALL,
        clusterScope: true,
      },
      { verbs: ALL, apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ALL },
    ],
  }),
  flowSchema('system-nodes', 'system', 500, 'ByUser', { of: ['Group:system:nodes'], ...EVERYTHING }),
  flowSchema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', {
    of: ['User:system:kube-controller-manager'],
    ...EVERYTHING,
  }),
  flowSchema('kube-scheduler', 'workload-high', 800, 'ByNamespace', {
    of: ['User:system:kube-scheduler'],
    ...EVERYTHING,
  }),
  flowSchema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', {
    of: ['ServiceAccount:*'],
    ...EVERYTHING,
  }),
  flowSchema('service-accounts', 'workload-low', 9000, 'ByUser', {
    of: ['Group:system:serviceaccounts'],
    ...EVERYTHING,
  }),
  flowSchema('global-default', 'global-default', 9900, 'ByUser', { of: EVERYONE, ...EVERYTHING }),
  flowSchema('catch-all', 'catch-all', 10_000, 'ByUser', { of: EVERYONE, ...EVERYTHING }),
]

function limited(of: {
  shares: number
  lendablePercent: number
  queues?: number
  handSize?: number
}): unknown {
  const limitResponse =
    of.queues === undefined
      ? { type: 'Reject' }
      : { type: 'Queue', queuing: { queues: of.queues, handSize: of.handSize, queueLengthLimit: 50 } }
  const { shares: nominalConcurrencyShares, lendablePercent } = of
  return { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse, lendablePercent } }
}

function priorityLevel(name: string, spec: unknown): KubeObject {
  return { apiVersion: VERSION, kind: 'PriorityLevelConfiguration', metadata: metadata(name), spec }
}

interface FlowRules {
  /** `User:name`, `Group:name` or `ServiceAccount:name` (in kube-system). */
  of: string[]
  resourceRules?: unknown[]
  nonResourceRules?: unknown[]
}

function flowSchema(
  name: string,
  level: string,
  matchingPrecedence: number,
  distinguisher: 'ByUser' | 'ByNamespace' | undefined,
  { of, ...rules }: FlowRules,
): KubeObject {
  const spec = {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
    rules: [{ subjects: of.map(subject), ...rules }],
  }
  return { apiVersion: VERSION, kind: 'FlowSchema', metadata: metadata(name), spec }
}

function subject(text: string): unknown {
  const colon = text.indexOf(':')
  const [kind, name] = [text.slice(0, colon), text.slice(colon + 1)]
  if (kind === 'ServiceAccount') return { kind, serviceAccount: { namespace: 'kube-system', name } }
  return { kind, [kind.toLowerCase()]: { name } }
}

function leaderElectionRule(group: string, resources: string[], namespaces: string[]): unknown {
  return { verbs: ['get', 'create', 'update'], apiGroups: [group], resources, namespaces }
}

function metadata(name: string): KubeObject['metadata'] {
  return { name, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } }
}
