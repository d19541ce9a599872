// What Kubernetes documents of NetworkPolicies ("Network Policies", and the API reference of NetworkPolicySpec), a row for
// each sentence: which ports.

import { allowed, CLIENT, denied, one, policy, WEB } from './objects.ts'
import type { Row } from './rows.ts'

const TCP_8081 = { protocol: 'TCP', port: 8081 }

export const POLICY_PORTS: readonly Row[] = [
  {
    title: 'a rule with a port allows that port of that protocol',
    apply: one({ ingress: [{ ports: [TCP_8081] }] }),
    checks: [allowed('client', 'web', 8081), denied('client', 'web'), denied('client', 'web', 8080, 'udp')],
    after: [
      {
        apply: one({ ingress: [{ ports: [{ protocol: 'UDP', port: 8080 }] }] }),
        checks: [
          allowed('client', 'web', 8080, 'udp'),
          denied('client', 'web', 5353, 'udp'),
          denied('client', 'web'),
        ],
      },
      {
        apply: one({ ingress: [{ ports: [{ protocol: 'SCTP', port: 8080 }] }] }),
        checks: [denied('client', 'web', 8080, 'udp'), denied('client', 'web')],
      },
    ],
  },
  {
    title: 'a port without protocol is TCP, a protocol without port is every port of it',
    apply: one({ ingress: [{ ports: [{ port: 8080 }] }] }),
    checks: [allowed('client', 'web'), denied('client', 'web', 8080, 'udp')],
    after: [
      {
        apply: one({ ingress: [{ ports: [{ protocol: 'UDP' }] }] }),
        checks: [
          allowed('client', 'web', 8080, 'udp'),
          allowed('client', 'web', 5353, 'udp'),
          denied('client', 'web'),
        ],
      },
    ],
  },
  {
    title: 'a rule without ports is for all ports and protocols, one without peers for everybody',
    apply: one({ ingress: [{ from: [CLIENT] }, { ports: [TCP_8081] }] }),
    checks: [
      allowed('client', 'web'),
      allowed('client', 'web', 5353, 'udp'),
      allowed('client', 'web', 8083),
      allowed('guest', 'web', 8081),
      allowed('outside', 'web', 8081),
      denied('guest', 'web'),
    ],
  },
  {
    title: 'peers and ports of one rule must both match',
    apply: one({ ingress: [{ from: [CLIENT], ports: [TCP_8081] }] }),
    checks: [allowed('client', 'web', 8081), denied('client', 'web', 8082), denied('db', 'web', 8081)],
  },
  {
    title: 'endPort: every port of the range, its ends among them',
    apply: one({ ingress: [{ ports: [{ protocol: 'TCP', port: 8081, endPort: 8082 }] }] }),
    checks: [
      denied('client', 'web'),
      allowed('client', 'web', 8081),
      allowed('client', 'web', 8082),
      denied('client', 'web', 8083),
    ],
    after: [
      {
        apply: () => [
          policy('p', {
            ...CLIENT,
            policyTypes: ['Egress'],
            egress: [{ to: [WEB], ports: [{ protocol: 'TCP', port: 8080, endPort: 8081 }] }],
          }),
        ],
        checks: [
          allowed('client', 'web'),
          allowed('client', 'web', 8081),
          denied('client', 'web', 8082),
          denied('client', 'db'),
        ],
      },
    ],
  },
  {
    title: 'a named port is the number that each selected pod gives to it',
    apply: () => [policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 'http' }] }] })],
    checks: [
      allowed('client', 'web'),
      denied('client', 'web', 8081),
      allowed('client', 'db', 8081),
      denied('client', 'db'),
    ],
    after: [
      {
        apply: () => [
          policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 'names', protocol: 'UDP' }] }] }),
        ],
        checks: [allowed('client', 'web', 5353, 'udp'), denied('client', 'web')],
      },
      {
        apply: () => [policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 'nobody-has-it' }] }] })],
        checks: [denied('client', 'web'), denied('client', 'web', 8081)],
      },
    ],
  },
  {
    title: 'a named port for egress is the number that each peer gives to it',
    apply: () => [
      policy('p', {
        ...CLIENT,
        policyTypes: ['Egress'],
        egress: [{ to: [{ podSelector: {} }], ports: [{ port: 'http' }] }],
      }),
    ],
    checks: [
      allowed('client', 'web'),
      denied('client', 'web', 8081),
      allowed('client', 'db', 8081),
      denied('client', 'db'),
      allowed('client', 'far'),
      denied('client', 'guest'),
    ],
    after: [
      {
        apply: () => [
          policy('p', { ...CLIENT, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'http' }] }] }),
        ],
        checks: [allowed('client', 'web'), allowed('client', 'guest'), denied('client', 'db')],
      },
    ],
  },
]
