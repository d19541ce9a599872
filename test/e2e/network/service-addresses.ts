// What Kubernetes documents of Services ("Service", "Virtual IPs and service proxies", "EndpointSlices", "Service internal
// traffic policy", "Topology aware routing", and the API reference), a row for each sentence: where Services are reached.

import { ask, at, labelled, NODE_PORT, nodePort, service, slice } from './objects.ts'
import type { Row } from './rows.ts'

/** The world outside sends it here. */
const OUTER = '192.0.2.77'
const OUTER_TOO = '192.0.2.78'
/** Of Services, and of none of them. */
const EXTERNAL = '10.96.250.1'
export const SERVICE_ADDRESSES: readonly Row[] = [
  {
    title: 'a ClusterIP leads every pod and the node to the pods that the selector chooses, and shares out',
    apply: () => [service({}), labelled('db', 'web')],
    checks: [
      ask('client', 80, 'web+db sees client'),
      ask('guest', 80, 'web+db sees guest'),
      ask('node', 80, 'web+db'),
    ],
  },
  {
    title: 'a Service has several ports, each leads to its own',
    apply: () => [
      service({
        ports: [
          { name: 'a', port: 80, targetPort: 8080 },
          { name: 'b', port: 81, targetPort: 8082 },
          { name: 'c', port: 80, targetPort: 5353, protocol: 'UDP' },
        ],
      }),
    ],
    checks: [ask('client', 80, 'web'), ask('client', 81, 'web'), ask('client', 80, 'web sees client', 'udp')],
  },
  {
    title: 'a target port that is not given is the port itself',
    apply: () => [service({ ports: [{ port: 8082 }] })],
    checks: [ask('client', 8082, 'web')],
  },
  {
    title: 'a target port that is a name is the number that each pod gives to it',
    apply: () => [
      service({ selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] }),
      labelled('db', 'web'),
    ],
    checks: [ask('client', 80, 'web+db')],
  },
  {
    title: 'a headless Service has no address: nothing is led anywhere',
    apply: () => [service({ clusterIP: 'None', ports: [{ port: 8080 }] })],
    checks: [['client', 'web', 8080, 'tcp', 'web']],
  },
  {
    title: 'a node port is open at every address of the node, and leads to pods of every node',
    apply: () => [
      service({ ...NODE_PORT, selector: undefined }),
      slice([at('10.42.7.5', { nodeName: 'n2' })]),
    ],
    checks: [
      nodePort('outside', 'far sees tunnel'),
      ['client', 'bridge', 30_081, 'tcp', 'far'],
      ['client', 'node', 30_081, 'tcp', 'far'],
      ['node', 'node', 30_081, 'tcp', 'far'],
    ],
  },
  {
    title: 'a node port that nobody gave is chosen from the range, and two ports have two',
    apply: () => [service(NODE_PORT)],
    checks: [
      nodePort('outside', 'web'),
      ask('client', 80, 'web'),
      ['outside', 'node', 30_082, 'tcp', 'refused'],
    ],
  },
  {
    title: 'UDP: addresses of Services and node ports',
    apply: () => [
      service({
        type: 'NodePort',
        ports: [{ port: 80, targetPort: 8080, nodePort: 30_081, protocol: 'UDP' }],
      }),
    ],
    checks: [
      ask('client', 80, 'web sees client', 'udp'),
      nodePort('outside', 'web', 'udp'),
      ask('client', 80, 'denied'),
    ],
  },
  {
    title:
      'externalTrafficPolicy Cluster: pods of every node answer, callers may get the address of the node',
    apply: (ip) => [
      service({ ...NODE_PORT, selector: undefined }),
      slice([at(ip('web')), at(ip('far'), { nodeName: 'n2' })]),
    ],
    checks: [nodePort('outside', 'web+far')],
  },
  {
    title: 'externalTrafficPolicy Local: pods of this node alone answer, and see who calls',
    apply: (ip) => [
      service({ ...NODE_PORT, selector: undefined, externalTrafficPolicy: 'Local' }),
      slice([at(ip('web')), at(ip('far'), { nodeName: 'n2' })]),
    ],
    checks: [nodePort('outside', 'web sees outside'), ask('client', 80, 'web+far')],
  },
  {
    title: 'externalTrafficPolicy Local: without a pod on this node traffic from outside is dropped',
    apply: (ip) => [
      service({ ...NODE_PORT, selector: undefined, externalTrafficPolicy: 'Local' }),
      slice([at(ip('far'), { nodeName: 'n2' })]),
    ],
    checks: [nodePort('outside', 'denied'), ask('client', 80, 'far')],
  },
  {
    title:
      'externalTrafficPolicy Local: callers inside the cloud reach the pods of all nodes by outer addresses',
    apply: (ip) => [
      service({
        selector: undefined,
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        externalIPs: [OUTER_TOO],
        ports: NODE_PORT.ports,
      }),
      { ...slice([at(ip('far'), { nodeName: 'n2' })]) },
      {
        ...service({}),
        spec: {},
        status: { loadBalancer: { ingress: [{ ip: OUTER }] } },
      },
    ],
    checks: [
      ['client', OUTER, 80, 'tcp', 'far'],
      ['node', OUTER, 80, 'tcp', 'far'],
      ['outside', OUTER, 80, 'tcp', 'denied'],
      ['client', OUTER_TOO, 80, 'tcp', 'far'],
      ['node', OUTER_TOO, 80, 'tcp', 'far'],
      ['outside', OUTER_TOO, 80, 'tcp', 'denied'],
      nodePort('client', 'denied'),
    ],
    after: [
      {
        apply: (ip) => [slice([at(ip('web')), at(ip('far'), { nodeName: 'n2' })])],
        checks: [
          ['client', OUTER, 80, 'tcp', 'web+far'],
          ['node', OUTER_TOO, 80, 'tcp', 'web+far'],
          ['outside', OUTER, 80, 'tcp', 'web sees outside'],
          ['outside', OUTER_TOO, 80, 'tcp', 'web sees outside'],
          nodePort('client', 'web'),
        ],
      },
      { apply: () => [slice([])], checks: [['client', OUTER, 80, 'tcp', 'refused']] },
    ],
  },
  {
    title:
      'externalTrafficPolicy Local with sessionAffinity: callers inside the cloud stay with one pod of all nodes',
    apply: (ip) => [
      service({
        selector: undefined,
        externalTrafficPolicy: 'Local',
        type: 'NodePort',
        sessionAffinity: 'ClientIP',
        externalIPs: [OUTER],
      }),
      slice([at(ip('far'), { nodeName: 'n2' })]),
    ],
    checks: [
      ['client', OUTER, 80, 'tcp', 'far'],
      ['outside', OUTER, 80, 'tcp', 'denied'],
    ],
    after: [
      {
        apply: (ip) => [slice([at(ip('web')), at(ip('far'), { nodeName: 'n2' })])],
        checks: [
          ['client', OUTER, 80, 'tcp', 'far'],
          ['outside', OUTER, 80, 'tcp', 'web'],
        ],
      },
      {
        apply: (ip) => [slice([at(ip('web'))])],
        checks: [['client', OUTER, 80, 'tcp', 'web']],
      },
    ],
  },
  {
    title: 'internalTrafficPolicy Local: callers of this node reach pods of this node alone',
    apply: (ip) => [
      service({ selector: undefined, internalTrafficPolicy: 'Local' }),
      slice([at(ip('web')), at(ip('far'), { nodeName: 'n2' })]),
    ],
    checks: [ask('client', 80, 'web'), ask('node', 80, 'web')],
    after: [
      {
        apply: (ip) => [slice([at(ip('far'), { nodeName: 'n2' })])],
        checks: [ask('client', 80, 'denied')],
      },
    ],
  },
  {
    title: 'external addresses lead to the pods of the Service',
    apply: () => [service({ externalIPs: [OUTER] })],
    checks: [
      ['client', OUTER, 80, 'tcp', 'web'],
      ['node', OUTER, 80, 'tcp', 'web'],
    ],
  },
  {
    title: 'an external address that is a pod or a Service of the cloud is not taken away from it',
    apply: (ip) => [service({ externalIPs: [ip('db'), EXTERNAL], ports: [{ port: 8080 }] })],
    checks: [
      ['client', 'db', 8080, 'tcp', 'db'],
      ['client', EXTERNAL, 8080, 'tcp', 'denied'],
    ],
  },
  {
    title:
      'a Service of type LoadBalancer is reached at the address of its balancer, from outside and inside',
    apply: () => [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'kube-system', name: 'load-balancer-addresses' },
        data: { addresses: '198.51.100.200-198.51.100.203' },
      },
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name: 'n2',
          labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' },
        },
      },
      service({ type: 'LoadBalancer' }),
    ],
    checks: [
      ['outside', 'balancer s', 80, 'tcp', 'web'],
      ['client', 'balancer s', 80, 'tcp', 'web'],
      ['outside', 'balancer s', 8081, 'tcp', 'refused'],
    ],
  },
  {
    title: 'loadBalancerSourceRanges: others than those do not reach the address of the balancer',
    apply: (ip) => [
      service({
        type: 'LoadBalancer',
        selector: { app: 'web' },
        loadBalancerSourceRanges: ['203.0.113.0/24', `${ip('client')}/32`],
      }),
      {
        ...service({}),
        spec: {},
        status: { loadBalancer: { ingress: [{ ip: OUTER }] } },
      },
    ],
    checks: [
      ['client', OUTER, 80, 'tcp', 'web'],
      ['outside', OUTER, 80, 'tcp', 'denied'],
      ask('guest', 80, 'web'),
    ],
  },
  {
    title: 'an address of a balancer with ipMode Proxy is left to the balancer',
    apply: () => [
      service({ type: 'LoadBalancer' }),
      {
        ...service({}),
        spec: {},
        status: { loadBalancer: { ingress: [{ ip: OUTER, ipMode: 'Proxy' }] } },
      },
    ],
    checks: [['outside', OUTER, 80, 'tcp', 'denied']],
  },
  {
    title: 'sessionAffinity ClientIP: a client stays with one pod, at every port of the Service',
    apply: () => [
      service({ sessionAffinity: 'ClientIP', selector: { app: 'sticky' } }),
      labelled('db', 'sticky'),
    ],
    checks: [ask('client', 80, 'db')],
    after: [
      {
        apply: () => [labelled('web', 'sticky')],
        checks: [ask('client', 80, 'web|db'), ask('guest', 80, 'web|db'), ask('far', 80, 'web|db')],
      },
    ],
  },
]
