import assert from 'node:assert/strict'
import { test } from 'node:test'
import { created, refuses, withPaths } from '../testing.ts'

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', creationTimestamp: '2025-01-01T22:00:00Z' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
}

test('a minimal Service becomes a ClusterIP one', () => {
  assert.deepEqual(created(SERVICE).spec, {
    selector: { app: 'web' },
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  })
})

test('a load balancer allocates node ports and takes outside traffic everywhere', () => {
  const { spec } = created(withPaths(SERVICE, { 'spec.type': 'LoadBalancer' }))
  assert.equal(spec.allocateLoadBalancerNodePorts, true)
  assert.equal(spec.externalTrafficPolicy, 'Cluster')
})

test('client affinity lasts three hours unless said otherwise', () => {
  const { spec } = created(withPaths(SERVICE, { 'spec.sessionAffinity': 'ClientIP' }))
  assert.deepEqual(spec.sessionAffinityConfig, { clientIP: { timeoutSeconds: 10800 } })
})

test('a headless Service without a selector may hold both families', () => {
  const { spec } = created(withPaths(SERVICE, { 'spec.clusterIP': 'None', 'spec.selector': undefined }))
  assert.deepEqual(spec.clusterIPs, ['None'])
  assert.deepEqual(spec.ipFamilies, ['IPv4', 'IPv6'])
  assert.equal(spec.ipFamilyPolicy, 'RequireDualStack')
})

refuses(SERVICE, [
  [
    'needs a DNS-1035 name',
    { 'metadata.name': '1web' },
    [
      "metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  ['needs ports', { 'spec.ports': [] }, ['spec.ports: Required value']],
  ['accepts no ports when headless', { 'spec.ports': [], 'spec.clusterIP': 'None' }, []],
  ['accepts an allocated address', { 'spec.clusterIP': '10.0.0.5', 'spec.clusterIPs': ['10.0.0.5'] }, []],
  [
    'knows its types',
    { 'spec.type': 'Other' },
    [
      'spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ],
  [
    'names each of several ports',
    { 'spec.ports': [{ port: 80 }, { port: 81, name: 'b' }] },
    ['spec.ports[0].name: Required value'],
  ],
  [
    'has port numbers in range',
    { 'spec.ports[0].port': 70000 },
    [
      'spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
  ],
  [
    'knows its protocols',
    { 'spec.ports[0].protocol': 'ICMP' },
    ['spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
  ],
  [
    'refuses the same port twice',
    {
      'spec.ports': [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 },
      ],
    },
    [
      'spec.ports[1]: Duplicate value: core.ServicePort{Name:"", Protocol:"TCP", AppProtocol:(*string)(nil), Port:80, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}',
    ],
  ],
  [
    'refuses the same port name twice',
    {
      'spec.ports': [
        { name: 'a', port: 80 },
        { name: 'a', port: 81 },
      ],
    },
    ['spec.ports[1].name: Duplicate value: "a"'],
  ],
  [
    'refuses bad target port names',
    { 'spec.ports[0].targetPort': '-x-' },
    ['spec.ports[0].targetPort: Invalid value: "-x-": must not begin or end with a hyphen'],
  ],
  [
    'refuses node ports without a node port type',
    { 'spec.ports[0].nodePort': 30000 },
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  [
    'refuses one node port for two ports',
    {
      'spec.type': 'NodePort',
      'spec.ports': [
        { name: 'a', port: 80, nodePort: 30000 },
        { name: 'b', port: 81, nodePort: 30000 },
      ],
    },
    ['spec.ports[1].nodePort: Duplicate value: 30000'],
  ],
  [
    'is not headless with node ports',
    { 'spec.type': 'NodePort', 'spec.clusterIP': 'None' },
    ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
  ],
  ['needs an external name', { 'spec.type': 'ExternalName' }, ['spec.externalName: Required value']],
  [
    'has no addresses as an external name',
    {
      'spec.type': 'ExternalName',
      'spec.externalName': 'example.com.',
      'spec.clusterIPs': ['10.0.0.5'],
      'spec.ipFamilies': ['IPv4'],
      'spec.ipFamilyPolicy': 'SingleStack',
    },
    [
      'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
      'spec.ipFamilies: Forbidden: may not be set for ExternalName services',
      'spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services',
    ],
  ],
  [
    'refuses what is no address',
    { 'spec.clusterIP': 'x' },
    ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  [
    'keeps clusterIP and clusterIPs the same',
    { 'spec.clusterIP': '10.0.0.5', 'spec.clusterIPs': ['10.0.0.6'] },
    ['spec.clusterIPs: Invalid value: []string{"10.0.0.6"}: first value must match `clusterIP`'],
  ],
  [
    'takes one address of a family',
    { 'spec.clusterIP': '10.0.0.5', 'spec.clusterIPs': ['10.0.0.5', '10.0.0.6'] },
    [
      'spec.ipFamilies[1]: Duplicate value: "IPv4"',
      'spec.clusterIPs: Invalid value: []string{"10.0.0.5", "10.0.0.6"}: may specify no more than one IP for each IP family',
    ],
  ],
  [
    'matches addresses to families',
    { 'spec.clusterIP': '10.0.0.5', 'spec.ipFamilies': ['IPv6'] },
    ['spec.clusterIPs[0]: Invalid value: "10.0.0.5": expected an IPv6 value as indicated by `ipFamilies[0]`'],
  ],
  [
    'refuses loopback as an external address',
    { 'spec.externalIPs': ['127.0.0.1'] },
    [
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
  ],
  [
    'limits affinity to a day',
    {
      'spec.sessionAffinity': 'ClientIP',
      'spec.sessionAffinityConfig': { clientIP: { timeoutSeconds: 86401 } },
    },
    [
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
    ],
  ],
  [
    'keeps load balancer fields to load balancers',
    {
      'spec.loadBalancerClass': 'a/b',
      'spec.loadBalancerSourceRanges': ['10.0.0.0/8'],
      'spec.allocateLoadBalancerNodePorts': true,
    },
    [
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
      "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
  ],
  [
    'takes an outside policy only with outside traffic',
    { 'spec.externalTrafficPolicy': 'Local' },
    [
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
  ],
  [
    'knows its traffic policies',
    { 'spec.type': 'NodePort', 'spec.externalTrafficPolicy': 'x', 'spec.internalTrafficPolicy': 'y' },
    [
      'spec.externalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local"',
      'spec.internalTrafficPolicy: Unsupported value: "y": supported values: "Cluster", "Local"',
    ],
  ],
  [
    'has a health port only where one is needed',
    { 'spec.healthCheckNodePort': 30001 },
    [
      "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
  ],
  [
    'agrees about topology',
    {
      'metadata.annotations': {
        'service.kubernetes.io/topology-mode': 'Auto',
        'service.kubernetes.io/topology-aware-hints': 'x',
      },
    },
    [
      'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified',
    ],
  ],
])
