// What Kubernetes documents of NetworkPolicies ("Network Policies", and the API reference of NetworkPolicySpec), a row for
// each sentence: how several count together, at both ends of a connection, and as things change.

import {
  allowed,
  app,
  CLIENT,
  denied,
  inNamespace,
  labelled,
  namespaceOf,
  newPod,
  one,
  podIsOver,
  policy,
  service,
  WEB,
} from './objects.ts'
import type { Row } from './rows.ts'

const TCP_8081 = { protocol: 'TCP', port: 8081 }
const SERVICE = service(
  { type: 'NodePort', ports: [{ port: 80, targetPort: 8080, nodePort: 30_080 }] },
  'web',
)

/** Blocks of a thousand neighbours, none of which anybody here is in. */
const THOUSAND = Array.from({ length: 1000 }, (_, i) => ({
  ipBlock: { cidr: `172.${16 + (i >> 8)}.${i & 255}.0/24`, except: [`172.${16 + (i >> 8)}.${i & 255}.7/32`] },
}))

export const POLICY_SIDES: readonly Row[] = [
  {
    title: 'several policies of a pod add up: what any of them allows is allowed',
    apply: () => [
      policy('a', { ...WEB, ingress: [{ from: [CLIENT] }] }),
      policy('b', { ...WEB, ingress: [{ from: [inNamespace('other')], ports: [TCP_8081] }] }),
      policy('c', { podSelector: {} }),
    ],
    checks: [
      allowed('client', 'web'),
      allowed('guest', 'web', 8081),
      denied('guest', 'web'),
      denied('db', 'web'),
      denied('client', 'db'),
    ],
  },
  {
    title: 'both ends must allow: the egress of the one and the ingress of the other',
    apply: () => [
      policy('in', { ...WEB, ingress: [{ from: [CLIENT] }] }),
      policy('out', { ...CLIENT, policyTypes: ['Egress'], egress: [{ to: [app('db')] }] }),
    ],
    checks: [denied('client', 'web'), allowed('client', 'db'), denied('db', 'web')],
    after: [
      {
        apply: () => [
          policy('out', { ...CLIENT, policyTypes: ['Egress'], egress: [{ to: [WEB, app('db')] }] }),
        ],
        checks: [allowed('client', 'web'), allowed('client', 'db'), denied('db', 'web')],
      },
    ],
  },
  {
    title: 'replies to what is allowed are allowed, without a rule of their own',
    apply: () => [
      policy('closed', { ...CLIENT, policyTypes: ['Ingress'] }),
      policy('silent', { ...WEB, ingress: [{}], policyTypes: ['Ingress', 'Egress'] }),
    ],
    checks: [
      allowed('client', 'web'),
      allowed('client', 'web', 8080, 'udp'),
      denied('web', 'client'),
      allowed('outside', 'web'),
    ],
  },
  {
    title: 'policyTypes that are not given are Ingress, and Egress when there is an egress rule',
    apply: () => [policy('p', { ...WEB, ingress: [{ from: [CLIENT] }] })],
    checks: [denied('db', 'web'), allowed('web', 'db')],
    after: [
      {
        apply: () => [policy('p2', { ...WEB, egress: [{ to: [CLIENT] }] })],
        checks: [denied('db', 'web'), denied('web', 'db'), allowed('web', 'client')],
      },
    ],
  },
  {
    title: 'policyTypes Egress alone leaves ingress open, and ingress rules beside it count for nothing',
    apply: one({ policyTypes: ['Egress'], ingress: [{ from: [CLIENT] }], egress: [{ to: [CLIENT] }] }),
    checks: [allowed('db', 'web'), denied('web', 'db'), allowed('web', 'client')],
  },
  {
    title: 'changes of the labels of pods take effect',
    apply: one({ ingress: [{ from: [app('db')] }] }),
    checks: [allowed('db', 'web'), denied('client', 'web')],
    after: [
      {
        apply: () => [labelled('client', 'db')],
        checks: [allowed('client', 'web')],
      },
      {
        apply: () => [labelled('db', 'else')],
        checks: [denied('db', 'web'), allowed('client', 'web')],
      },
    ],
  },
  {
    title: 'changes of the labels of selected pods and of namespaces take effect',
    apply: one({ ingress: [{ from: [inNamespace('friends')] }] }),
    checks: [denied('guest', 'web'), denied('client', 'web'), allowed('client', 'db')],
    after: [
      {
        apply: () => [namespaceOf('other', 'friends'), labelled('db', 'web')],
        checks: [allowed('guest', 'web'), denied('client', 'web'), denied('client', 'db')],
      },
    ],
  },
  {
    title: 'a policy that goes takes its denials with it',
    apply: one({}),
    checks: [denied('client', 'web')],
    after: [{ remove: ['NetworkPolicy shop/p'], checks: [allowed('client', 'web')] }],
  },
  {
    title: 'a new pod is under the policies that select it, and a pod that is over is nobody',
    apply: () => [
      policy('p', { ...WEB, ingress: [{ from: [app('late')] }] }),
      policy('q', { ...app('late'), policyTypes: ['Egress'], egress: [{ to: [WEB] }] }),
    ],
    checks: [denied('spare', 'web')],
    after: [
      {
        apply: () => [newPod('spare', 'late')],
        checks: [allowed('spare', 'web'), denied('spare', 'db')],
      },
      {
        apply: () => [podIsOver('spare')],
        checks: [denied('spare', 'web'), allowed('spare', 'db')],
      },
    ],
  },
  {
    title: 'an address of a pod that is over is not reached by the name of its port',
    apply: () => [
      policy('p', {
        ...CLIENT,
        policyTypes: ['Egress'],
        egress: [{ to: [app('late')], ports: [{ port: 'http' }] }],
      }),
      newPod('spare', 'late'),
    ],
    checks: [allowed('client', 'spare'), denied('client', 'web')],
    after: [
      {
        apply: () => [podIsOver('spare')],
        checks: [denied('client', 'spare')],
      },
    ],
  },
  {
    title: 'pods in the network of the host are not selected, neither as the subject nor as a peer',
    apply: () => [
      policy('subject', { ...app('node'), policyTypes: ['Ingress', 'Egress'] }),
      policy('peer', {
        ...CLIENT,
        policyTypes: ['Egress'],
        egress: [{ to: [app('node')] }, { to: [app('node')], ports: [{ port: 'http' }] }],
      }),
    ],
    checks: [
      allowed('web', 'node'),
      allowed('node', 'web'),
      allowed('outside', 'node'),
      denied('client', 'node'),
    ],
  },
  {
    title: 'the address of a node is allowed by an ipBlock',
    apply: (ip) => [
      policy('p', {
        ...CLIENT,
        policyTypes: ['Egress'],
        egress: [{ to: [{ ipBlock: { cidr: `${ip('node')}/32` } }] }],
      }),
    ],
    checks: [allowed('client', 'node'), denied('client', 'web')],
  },
  {
    title: 'traffic between a pod and the node where it runs is always allowed towards the pod (probes)',
    apply: () => [policy('p', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
    checks: [
      allowed('node', 'web'),
      allowed('node', 'db', 8081),
      allowed('node', 'web', 8080, 'udp'),
      denied('web', 'node'),
    ],
  },
  {
    title: 'a pod cannot block itself',
    apply: () => [policy('p', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }), SERVICE],
    checks: [allowed('web', 'web'), allowed('web', 'service web', 80), denied('client', 'web')],
  },
  {
    title: 'policies see the pod behind a Service and the port of the pod',
    apply: () => [SERVICE, policy('p', { ...WEB, ingress: [{ from: [CLIENT], ports: [{ port: 8080 }] }] })],
    checks: [
      allowed('client', 'service web', 80),
      denied('db', 'service web', 80),
      denied('outside', 'node', 30_080),
      allowed('node', 'service web', 80),
    ],
    after: [
      {
        apply: () => [
          policy('p', { ...WEB, ingress: [{ ports: [{ port: 8080 }] }] }),
          policy('q', {
            ...CLIENT,
            policyTypes: ['Egress'],
            egress: [{ to: [WEB], ports: [{ port: 8080 }] }],
          }),
        ],
        checks: [
          allowed('client', 'service web', 80),
          allowed('db', 'service web', 80),
          allowed('outside', 'node', 30_080),
          denied('client', 'db'),
        ],
      },
      {
        apply: () => [
          policy('q', { ...CLIENT, policyTypes: ['Egress'], egress: [{ to: [WEB], ports: [{ port: 80 }] }] }),
        ],
        checks: [denied('client', 'service web', 80)],
      },
    ],
  },
  {
    title: 'a caller from outside is known by its own address at the port of the node',
    apply: (ip) => [
      SERVICE,
      policy('p', { ...WEB, ingress: [{ from: [{ ipBlock: { cidr: `${ip('outside')}/32` } }] }] }),
    ],
    checks: [allowed('outside', 'node', 30_080), denied('client', 'service web', 80)],
  },
  {
    title: 'names of the cloud are asked of the pods of kube-system that everybody names',
    apply: () => [
      policy('p', {
        ...CLIENT,
        policyTypes: ['Egress'],
        egress: [
          {
            to: [
              {
                namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
                podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
              },
            ],
            ports: [{ protocol: 'UDP', port: 53 }],
          },
        ],
      }),
    ],
    checks: [allowed('client', 'bridge', 53, 'udp'), denied('client', 'bridge', 53), denied('client', 'web')],
  },
  {
    title: 'a policy with a thousand blocks holds, each with its exception',
    apply: (ip) => [
      policy('p', {
        ...WEB,
        ingress: [{ from: [...THOUSAND, { ipBlock: { cidr: `${ip('client')}/32` } }] }],
      }),
    ],
    checks: [allowed('client', 'web'), denied('guest', 'web'), denied('outside', 'web')],
  },
  {
    title: 'a direction, a block and ports together: the example of the documentation',
    apply: (ip) => [
      policy('p', {
        ...app('db'),
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [
              { ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.128/25'] } },
              inNamespace('other'),
              { podSelector: { matchLabels: { tier: 'front' } } },
            ],
            ports: [{ protocol: 'TCP', port: 8080 }],
          },
        ],
        egress: [
          { to: [{ ipBlock: { cidr: `${ip('far')}/32` } }], ports: [{ protocol: 'TCP', port: 8082 }] },
        ],
      }),
    ],
    checks: [
      allowed('outside', 'db'),
      allowed('guest', 'db'),
      allowed('web', 'db'),
      denied('client', 'db'),
      denied('web', 'db', 8081),
      allowed('db', 'far', 8082),
      denied('db', 'far'),
      denied('db', 'web', 8082),
    ],
  },
]
