import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, warningsOf, withPaths } from '../testing.ts'

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'p' },
  spec: {
    podSelector: { matchLabels: { app: 'web' } },
    ingress: [{ ports: [{ port: 80 }], from: [{ podSelector: {} }] }],
  },
}

test('is about incoming traffic, and about outgoing where there are rules for it', () => {
  assert.deepEqual(created(POLICY).spec.policyTypes, ['Ingress'])
  assert.equal(created(POLICY).spec.ingress[0].ports[0].protocol, 'TCP')
  assert.deepEqual(created(withPaths(POLICY, { 'spec.egress': [{}] })).spec.policyTypes, [
    'Ingress',
    'Egress',
  ])
})

refuses(POLICY, [
  [
    'selects pods by good labels',
    { 'spec.podSelector': { matchExpressions: [{ key: 'a', operator: 'In' }] } },
    [
      "spec.podSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
  ],
  [
    'knows its protocols',
    { 'spec.ingress[0].ports[0].protocol': 'ICMP' },
    ['spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"'],
  ],
  [
    'has port ranges that go up',
    { 'spec.ingress[0].ports': [{ port: 80, endPort: 79 }, { endPort: 80 }, { port: 'http', endPort: 80 }] },
    [
      'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
      'spec.ingress[0].ports[1].endPort: Invalid value: 80: may not be specified when `port` is not specified',
      'spec.ingress[0].ports[2].endPort: Invalid value: 80: may not be specified when `port` is non-numeric',
    ],
  ],
  [
    'names a peer in one way',
    { 'spec.ingress[0].from': [{}, { podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] },
    [
      'spec.ingress[0].from[0]: Required value: must specify a peer',
      'spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer',
    ],
  ],
  [
    'leaves out less than the whole block',
    {
      'spec.ingress[0].from': [
        { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '11.0.0.0/16', '10.0.0.0/8', 'x'] } },
      ],
    },
    [
      'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
      'spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
      'spec.ingress[0].from[0].ipBlock.except[3]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
  ],
  [
    'has a block',
    { 'spec.egress': [{ to: [{ ipBlock: {} }] }] },
    ['spec.egress[0].to[0].ipBlock.cidr: Required value'],
  ],
  [
    'knows two directions',
    { 'spec.policyTypes': ['Up'] },
    ['spec.policyTypes[0]: Unsupported value: "Up": supported values: "Ingress", "Egress"'],
  ],
  [
    'has no third direction',
    { 'spec.policyTypes': ['Ingress', 'Egress', 'Ingress'] },
    [
      'spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes',
    ],
  ],
])

test('warns of blocks with leading zeros', () => {
  assert.deepEqual(
    warningsOf(withPaths(POLICY, { 'spec.ingress[0].from': [{ ipBlock: { cidr: '010.0.0.0/8' } }] })),
    [
      'spec.ingress[0].from[0].ipBlock.cidr: IP prefix was accepted, but will be invalid in a future Kubernetes release: netip.ParsePrefix("010.0.0.0/8"): ParseAddr("010.0.0.0"): IPv4 field has octet with leading zero',
    ],
  )
})

test('the table shows the selector', () => {
  assert.equal(cellsOf(POLICY)['Pod-Selector'], 'app=web')
  assert.equal(cellsOf(withPaths(POLICY, { 'spec.podSelector': {} }))['Pod-Selector'], '<none>')
})
