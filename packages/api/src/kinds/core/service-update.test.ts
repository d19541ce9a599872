import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, refusesUpdates, statusErrors, updated, warningsOf, withPaths } from '../testing.ts'

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', creationTimestamp: '2025-01-01T22:00:00Z' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
}
const ALLOCATED = withPaths(SERVICE, { 'spec.clusterIP': '10.0.0.5', 'spec.clusterIPs': ['10.0.0.5'] })

refusesUpdates(ALLOCATED, [
  [
    'keeps its address',
    { 'spec.clusterIP': '10.0.0.6', 'spec.clusterIPs': ['10.0.0.6'] },
    ['spec.clusterIPs[0]: Invalid value: []string{"10.0.0.6"}: may not change once set'],
  ],
  [
    'follows clients that change only clusterIP',
    { 'spec.clusterIP': '10.0.0.6' },
    ['spec.clusterIPs[0]: Invalid value: []string{"10.0.0.6"}: may not change once set'],
  ],
  ['may become an external name', { 'spec.type': 'ExternalName', 'spec.externalName': 'a.b' }, []],
])

test('an update without the address keeps it, and node ports by port', () => {
  const before = withPaths(ALLOCATED, { 'spec.type': 'NodePort', 'spec.ports[0].nodePort': 30080 })
  const after = withPaths(SERVICE, { 'spec.type': 'NodePort' })
  const { spec } = updated(before, after)
  assert.equal(spec.clusterIP, '10.0.0.5')
  assert.deepEqual(spec.clusterIPs, ['10.0.0.5'])
  assert.equal(spec.ports[0].nodePort, 30080)
})

test('a change of type drops what only the old type used', () => {
  const before = withPaths(ALLOCATED, { 'spec.type': 'NodePort', 'spec.ports[0].nodePort': 30080 })
  const { spec } = updated(
    before,
    withPaths(before, { 'spec.type': 'ClusterIP', 'spec.externalTrafficPolicy': 'Cluster' }),
  )
  assert.equal(spec.ports[0].nodePort, undefined)
  assert.equal(spec.externalTrafficPolicy, undefined)
})

test('only load balancers have ingress points', () => {
  const status = { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } }
  assert.deepEqual(statusErrors({ ...SERVICE, status }), [
    "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
  ])
  const points = { loadBalancer: { ingress: [{ ip: 'x', ipMode: 'Other' }, { hostname: '1.2.3.4' }] } }
  assert.deepEqual(statusErrors({ ...withPaths(SERVICE, { 'spec.type': 'LoadBalancer' }), status: points }), [
    'status.loadBalancer.ingress[0].ipMode: Unsupported value: "Other": supported values: "Proxy", "VIP"',
    'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address',
    'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  ])
})

test('warns of addresses that a later release refuses or that look unlike themselves', () => {
  assert.deepEqual(warningsOf(withPaths(SERVICE, { 'spec.externalIPs': ['010.1.1.1', '2001:DB8::0'] })), [
    'spec.externalIPs[0]: IP address was accepted, but will be invalid in a future Kubernetes release: ParseAddr("010.1.1.1"): IPv4 field has octet with leading zero',
    'spec.externalIPs[1]: IPv6 address "2001:DB8::0" is not in RFC 5952 canonical format ("2001:db8::"), which may cause controller apply-loops',
  ])
})

test('the table shows addresses, ports and selector', () => {
  assert.deepEqual(
    cellsOf(withPaths(ALLOCATED, { 'spec.ports[0].nodePort': 30080, 'spec.type': 'LoadBalancer' })),
    {
      Name: 'web',
      Type: 'LoadBalancer',
      'Cluster-IP': '10.0.0.5',
      'External-IP': '<pending>',
      'Port(s)': '80:30080/TCP',
      Age: '120m',
      Selector: 'app=web',
    },
  )
  assert.equal(cellsOf(SERVICE)['External-IP'], '<none>')
})
