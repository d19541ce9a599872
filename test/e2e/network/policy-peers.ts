// What Kubernetes documents of NetworkPolicies ("Network Policies", and the API reference of NetworkPolicySpec), a row for
// each sentence: who is chosen.

import { allowed, app, CLIENT, denied, inNamespace, one, policy, WEB } from './objects.ts'
import type { Row } from './rows.ts'

export const POLICY_PEERS: readonly Row[] = [
  {
    title: 'without a policy all traffic is allowed',
    checks: [
      allowed('client', 'web'),
      allowed('client', 'web', 8080, 'udp'),
      allowed('guest', 'web'),
      allowed('far', 'web'),
      allowed('web', 'far'),
      allowed('web', 'outside'),
      allowed('web', 'node'),
      allowed('node', 'web'),
    ],
  },
  {
    title: 'a policy that selects every pod and has no ingress rule denies all ingress of its namespace',
    apply: () => [policy('p', { podSelector: {}, policyTypes: ['Ingress'] })],
    checks: [
      denied('client', 'web'),
      denied('client', 'web', 8080, 'udp'),
      denied('guest', 'db'),
      denied('far', 'web'),
      allowed('client', 'guest'),
      allowed('web', 'guest'),
      allowed('web', 'outside'),
    ],
  },
  {
    title: 'a policy that selects every pod and has no egress rule denies all egress of its namespace',
    apply: () => [policy('p', { podSelector: {}, policyTypes: ['Egress'] })],
    checks: [
      denied('client', 'web'),
      denied('client', 'web', 8080, 'udp'),
      denied('client', 'guest'),
      denied('client', 'far'),
      denied('client', 'outside'),
      denied('client', 'node'),
      allowed('guest', 'web'),
      allowed('far', 'web'),
    ],
  },
  {
    title: 'a policy of both types without rules denies both',
    apply: () => [policy('p', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
    checks: [
      denied('client', 'guest'),
      denied('guest', 'client'),
      denied('client', 'outside'),
      denied('client', 'web'),
    ],
  },
  {
    title: 'an empty ingress rule allows all ingress, whatever other policies deny',
    apply: () => [
      policy('deny', { podSelector: {} }),
      policy('allow', { podSelector: {}, ingress: [{}], policyTypes: ['Ingress'] }),
    ],
    checks: [
      allowed('client', 'web'),
      allowed('guest', 'web', 8080, 'udp'),
      allowed('far', 'web'),
      allowed('outside', 'web'),
    ],
  },
  {
    title: 'an empty egress rule allows all egress, whatever other policies deny',
    apply: () => [
      policy('deny', { podSelector: {}, policyTypes: ['Egress'] }),
      policy('allow', { podSelector: {}, egress: [{}], policyTypes: ['Egress'] }),
    ],
    checks: [allowed('client', 'web'), allowed('client', 'outside'), allowed('client', 'node')],
  },
  {
    title: 'a pod that no policy selects stays open',
    apply: one({ policyTypes: ['Ingress', 'Egress'] }),
    checks: [
      denied('client', 'web'),
      denied('web', 'client'),
      allowed('client', 'db'),
      allowed('db', 'client'),
    ],
  },
  {
    title: 'a podSelector chooses peers in the namespace of the policy alone',
    apply: one({ ingress: [{ from: [CLIENT] }] }),
    checks: [
      allowed('client', 'web'),
      denied('guest', 'web'),
      denied('db', 'web'),
      denied('outside', 'web'),
      denied('far', 'web'),
    ],
  },
  {
    title: 'an empty podSelector among peers means every pod of the namespace, on whichever node',
    apply: one({ ingress: [{ from: [{ podSelector: {} }] }] }),
    checks: [
      allowed('client', 'web'),
      allowed('far', 'web'),
      denied('guest', 'web'),
      denied('outside', 'web'),
    ],
  },
  {
    title: 'a namespaceSelector chooses every pod of the namespaces that it matches',
    apply: one({ ingress: [{ from: [inNamespace('other')] }] }),
    checks: [allowed('guest', 'web'), denied('client', 'web'), denied('outside', 'web')],
  },
  {
    title: 'an empty namespaceSelector means the pods of all namespaces, and nobody else',
    apply: one({ ingress: [{ from: [{ namespaceSelector: {} }] }] }),
    checks: [
      allowed('guest', 'web'),
      allowed('client', 'web'),
      allowed('far', 'web'),
      denied('outside', 'web'),
    ],
  },
  {
    title: 'the label kubernetes.io/metadata.name chooses a namespace by its name',
    apply: one({
      ingress: [
        { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } }] },
      ],
    }),
    checks: [allowed('guest', 'web'), denied('client', 'web')],
  },
  {
    title: 'both selectors in one peer must match',
    apply: one({ ingress: [{ from: [{ ...inNamespace('other'), ...app('web') }] }] }),
    checks: [denied('guest', 'web'), denied('client', 'web')],
    after: [
      {
        apply: one({ ingress: [{ from: [{ ...inNamespace('other'), ...CLIENT }] }] }),
        checks: [allowed('guest', 'web'), denied('client', 'web')],
      },
    ],
  },
  {
    title: 'two selectors as two peers: either may match',
    apply: one({ ingress: [{ from: [inNamespace('other'), app('db')] }] }),
    checks: [allowed('guest', 'web'), allowed('db', 'web'), denied('client', 'web')],
  },
  {
    title: 'matchExpressions: In, NotIn, Exists and DoesNotExist',
    apply: one({
      ingress: [
        { from: [{ podSelector: { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] } }] },
      ],
    }),
    checks: [allowed('client', 'web'), denied('db', 'web')],
    after: [
      {
        apply: one({
          ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] } }] }],
        }),
        checks: [denied('client', 'web'), allowed('db', 'web')],
      },
      {
        apply: one({
          ingress: [
            {
              from: [
                {
                  podSelector: {
                    matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db', 'far'] }],
                  },
                },
              ],
            },
          ],
        }),
        checks: [allowed('client', 'web'), denied('db', 'web'), denied('far', 'web')],
      },
      {
        apply: one({
          ingress: [
            {
              from: [
                {
                  namespaceSelector: {
                    matchExpressions: [{ key: 'team', operator: 'In', values: ['other', 'none'] }],
                  },
                },
              ],
            },
          ],
        }),
        checks: [denied('client', 'web'), allowed('guest', 'web')],
      },
    ],
  },
  {
    title: 'an ipBlock allows its addresses without those of except',
    apply: (ip) => [
      policy('p', {
        ...WEB,
        ingress: [{ from: [{ ipBlock: { cidr: '10.42.0.0/24', except: [`${ip('db')}/32`] } }] }],
      }),
    ],
    checks: [
      allowed('client', 'web'),
      allowed('guest', 'web'),
      denied('db', 'web'),
      denied('far', 'web'),
      denied('outside', 'web'),
    ],
    after: [
      {
        apply: (ip) => [
          policy('p', { ...WEB, ingress: [{ from: [{ ipBlock: { cidr: `${ip('outside')}/32` } }] }] }),
        ],
        checks: [allowed('outside', 'web'), denied('client', 'web')],
      },
    ],
  },
  {
    title: 'what one peer excepts another may allow',
    apply: (ip) => [
      policy('p', {
        ...WEB,
        ingress: [
          { from: [{ ipBlock: { cidr: '0.0.0.0/0', except: [`${ip('db')}/32`, `${ip('client')}/32`] } }] },
          { from: [app('db')] },
        ],
      }),
    ],
    checks: [allowed('db', 'web'), denied('client', 'web'), allowed('outside', 'web'), allowed('far', 'web')],
  },
  {
    title: 'an ipBlock for egress: a site outside, and nothing else',
    apply: (ip) => [
      policy('p', {
        ...WEB,
        policyTypes: ['Egress'],
        egress: [{ to: [{ ipBlock: { cidr: `${ip('outside')}/32` } }], ports: [{ port: 8080 }] }],
      }),
    ],
    checks: [
      allowed('web', 'outside'),
      denied('web', 'outside', 8081),
      denied('web', 'client'),
      denied('web', 'node'),
      allowed('client', 'web'),
    ],
  },
]
