// What is recorded when nobody says otherwise: every write, every read of a Secret, every way into a container, and every
// refusal; without bodies, so that no secret comes into the log. Left out is what machines say over and over again.

import type { AuditPolicy, GroupResources } from './types.ts'

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection']
const READS = ['get', 'list', 'watch']
const CONTROLLERS = ['system:kube-controller-manager', 'system:kube-scheduler']

/** Groups whose objects have a status that controllers and nodes keep reporting. */
const REPORTED = [
  '',
  'apps',
  'autoscaling',
  'batch',
  'brume.dev',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'policy',
]

/** Through them one acts inside a pod, or in somebody's name; some begin with a GET. */
const DOORS: readonly GroupResources[] = [
  {
    group: '',
    resources: [
      'pods/exec',
      'pods/attach',
      'pods/portforward',
      'pods/proxy',
      'services/proxy',
      'nodes/proxy',
      'serviceaccounts/token',
    ],
  },
]

export const DEFAULT_AUDIT_POLICY: AuditPolicy = {
  omitStages: ['RequestReceived'],
  recordRefused: true,
  rules: [
    // Removing Events is not left out: it takes traces away.
    {
      level: 'None',
      verbs: [...READS, 'create', 'update', 'patch'],
      resources: [
        { group: '', resources: ['events'] },
        { group: 'events.k8s.io', resources: ['events'] },
        { group: 'coordination.k8s.io', resources: ['leases'] },
      ],
    },
    {
      level: 'None',
      userGroups: ['system:nodes'],
      verbs: ['update', 'patch'],
      resources: [{ group: '', resources: ['nodes/status', 'pods/status'] }],
    },
    {
      level: 'None',
      users: CONTROLLERS,
      verbs: ['update', 'patch'],
      resources: [
        ...REPORTED.map((group) => ({ group, resources: ['*/status'] })),
        { group: '', resources: ['endpoints'] },
        { group: 'discovery.k8s.io', resources: ['endpointslices'] },
      ],
    },
    // Nodes ask who their callers are, for every one of them.
    {
      level: 'None',
      userGroups: ['system:nodes'],
      verbs: ['create'],
      resources: [
        { group: 'authentication.k8s.io', resources: ['tokenreviews'] },
        { group: 'authorization.k8s.io', resources: ['subjectaccessreviews'] },
      ],
    },
    {
      level: 'None',
      users: CONTROLLERS,
      verbs: READS,
      resources: [{ group: '', resources: ['secrets'] }],
    },
    { level: 'Metadata', verbs: READS, resources: [{ group: '', resources: ['secrets'] }] },
    { level: 'Metadata', verbs: READS, resources: DOORS },
    { level: 'Metadata', verbs: WRITES },
    // Images that come and go, and whoever takes a copy of everything.
    { level: 'Metadata', verbs: ['put', 'delete'], nonResourceURLs: ['/v2/*'] },
    { level: 'Metadata', verbs: ['get'], nonResourceURLs: ['/backup'] },
    { level: 'Metadata', verbs: ['post'], nonResourceURLs: ['/encryption/*'] },
  ],
}
