// What Kubernetes documents of Services ("Service", "Virtual IPs and service proxies", "EndpointSlices", "Service internal
// traffic policy", "Topology aware routing", and the API reference), a row for each sentence: what is behind them.

import { ask, at, labelled, NODE_PORT, newPod, nodePort, podIsNotReady, service, slice } from './objects.ts'
import type { Check, Row } from './rows.ts'

/** From one port always, a pod, the node and the outside. */
const fromOnePort = (outcome: string): Check[] => [
  ['client', 'service s', 80, 'udp', outcome, 40_000],
  ['node', 'service s', 80, 'udp', outcome, 40_000],
  ['outside', 'node', 30_081, 'udp', outcome, 40_000],
]

export const SERVICE_ENDPOINTS: readonly Row[] = [
  {
    title: 'a Service without any endpoint refuses at once, TCP and UDP, pods, the node and the outside',
    apply: () => [
      service({
        type: 'NodePort',
        selector: { app: 'nobody' },
        ports: [
          { name: 'a', port: 80, targetPort: 8080, nodePort: 30_081 },
          { name: 'b', port: 80, targetPort: 8080, nodePort: 30_081, protocol: 'UDP' },
        ],
      }),
    ],
    checks: [
      ask('client', 80, 'refused'),
      ask('client', 80, 'refused', 'udp'),
      ask('node', 80, 'refused'),
      nodePort('outside', 'refused'),
      nodePort('outside', 'refused', 'udp'),
      nodePort('client', 'refused'),
    ],
  },
  {
    title: 'pods that are not ready get nothing',
    apply: () => [service({}), labelled('db', 'web'), podIsNotReady('db')],
    checks: [ask('client', 80, 'web')],
    after: [{ apply: () => [podIsNotReady('web')], checks: [ask('client', 80, 'refused')] }],
  },
  {
    title: 'publishNotReadyAddresses: pods that are not ready are reached too',
    apply: () => [service({ publishNotReadyAddresses: true }), podIsNotReady('web')],
    checks: [ask('client', 80, 'web')],
  },
  {
    title: 'a pod that is going gets nothing new while another one is ready, and serves while none is',
    apply: () => [
      service({ selector: { app: 'going' } }),
      newPod('spare', 'going'),
      newPod('spare-2', 'going'),
    ],
    checks: [ask('client', 80, 'spare+spare-2')],
    after: [
      { remove: ['Pod shop/spare'], checks: [ask('client', 80, 'spare-2')] },
      { remove: ['Pod shop/spare-2'], checks: [ask('client', 80, 'spare+spare-2')] },
    ],
  },
  {
    title: 'a pod that is going and not ready any more gets nothing',
    apply: () => [service({ selector: { app: 'going' } }), newPod('spare', 'going')],
    checks: [ask('client', 80, 'spare')],
    after: [
      {
        apply: () => [podIsNotReady('spare')],
        remove: ['Pod shop/spare'],
        checks: [ask('client', 80, 'refused')],
      },
    ],
  },
  {
    title: 'a pod reaches itself by its Service, TCP and UDP',
    apply: () => [
      service({
        ports: [
          { name: 'a', port: 80, targetPort: 8080 },
          { name: 'b', port: 80, targetPort: 8080, protocol: 'UDP' },
        ],
      }),
    ],
    checks: [ask('web', 80, 'web'), ask('web', 80, 'web', 'udp')],
  },
  {
    title: 'a Service without selector leads where somebody writes, also outside the cloud',
    apply: (ip) => [service({ selector: undefined }), slice([{ addresses: [ip('outside')] }])],
    checks: [ask('client', 80, 'outside'), ask('node', 80, 'outside')],
  },
  {
    title: 'endpoints of several slices are one, and one that is in two is reached once',
    apply: (ip) => [
      service({ selector: undefined }),
      slice([at(ip('web'))]),
      slice([at(ip('web')), at(ip('db'))], { name: 's-2' }),
    ],
    checks: [ask('client', 80, 'web+db')],
    after: [{ remove: ['EndpointSlice shop/s-2'], checks: [ask('client', 80, 'web')] }],
  },
  {
    title: 'conditions that are not given mean ready',
    apply: (ip) => [
      service({ selector: undefined }),
      slice([at(ip('web'), { conditions: {} }), at(ip('db'), { conditions: { ready: false } })]),
    ],
    checks: [ask('client', 80, 'web')],
  },
  {
    title: 'changes of the endpoints take effect',
    apply: (ip) => [service({ selector: undefined }), slice([at(ip('web')), at(ip('db'))])],
    checks: [ask('client', 80, 'web+db')],
    after: [
      { apply: (ip) => [slice([at(ip('db'))])], checks: [ask('client', 80, 'db')] },
      { apply: (ip) => [slice([at(ip('web'))])], checks: [ask('client', 80, 'web')] },
      { apply: () => [slice([])], checks: [ask('client', 80, 'refused')] },
    ],
  },
  {
    title: 'changes of a Service take effect: its ports, its type, its selector',
    apply: () => [service(NODE_PORT)],
    checks: [nodePort('outside', 'web')],
    after: [
      {
        apply: () => [service({ type: 'ClusterIP', ports: [{ port: 82, targetPort: 8080 }] })],
        checks: [ask('client', 82, 'web'), ask('client', 80, 'denied'), nodePort('outside', 'refused')],
      },
      {
        apply: () => [service({ selector: { app: 'db' }, ports: [{ port: 82, targetPort: 8080 }] })],
        checks: [ask('client', 82, 'db')],
      },
    ],
  },
  {
    title: 'a Service that is deleted frees its node port and leads nowhere',
    apply: () => [service(NODE_PORT), service({ clusterIP: '10.96.0.77' }, 'gone')],
    checks: [nodePort('outside', 'web'), ['client', '10.96.0.77', 80, 'tcp', 'web']],
    after: [
      {
        remove: ['Service shop/s', 'Service shop/gone'],
        checks: [nodePort('outside', 'refused'), ['client', '10.96.0.77', 80, 'tcp', 'denied']],
      },
      {
        apply: () => [service({ ...NODE_PORT, selector: { app: 'db' } }, 'next')],
        checks: [nodePort('outside', 'db')],
      },
    ],
  },
  {
    title: 'UDP: a client that goes on from the same port is led to the endpoints of now',
    apply: (ip) => [
      service({
        selector: undefined,
        type: 'NodePort',
        ports: [{ port: 80, targetPort: 8080, nodePort: 30_081, protocol: 'UDP' }],
      }),
      slice([at(ip('web'))], { ports: [{ name: '', port: 8080, protocol: 'UDP' }] }),
    ],
    checks: fromOnePort('web'),
    after: [
      {
        apply: (ip) => [slice([at(ip('db'))], { ports: [{ name: '', port: 8080, protocol: 'UDP' }] })],
        checks: fromOnePort('db'),
      },
      { apply: () => [slice([])], checks: fromOnePort('refused') },
      {
        apply: (ip) => [slice([at(ip('web'))], { ports: [{ name: '', port: 8080, protocol: 'UDP' }] })],
        checks: fromOnePort('web'),
      },
    ],
  },
  {
    title:
      'UDP: a client that goes on from the same port is led nowhere when the Service goes, and on by the next',
    apply: () => [
      service({
        type: 'NodePort',
        ports: [{ port: 80, targetPort: 8080, nodePort: 30_081, protocol: 'UDP' }],
      }),
    ],
    checks: [['outside', 'node', 30_081, 'udp', 'web', 40_001]],
    after: [
      { remove: ['Service shop/s'], checks: [['outside', 'node', 30_081, 'udp', 'refused', 40_001]] },
      {
        apply: () => [
          service(
            {
              type: 'NodePort',
              selector: { app: 'db' },
              ports: [{ port: 80, targetPort: 8080, nodePort: 30_081, protocol: 'UDP' }],
            },
            'next',
          ),
        ],
        checks: [['outside', 'node', 30_081, 'udp', 'db', 40_001]],
      },
    ],
  },
  {
    title: 'hints: callers of a zone reach the endpoints that are meant for it',
    apply: (ip) => [
      service({ selector: undefined }),
      slice([
        at(ip('web'), { zone: 'a', hints: { forZones: [{ name: 'a' }] } }),
        at(ip('far'), { nodeName: 'n2', zone: 'b', hints: { forZones: [{ name: 'b' }] } }),
      ]),
    ],
    checks: [ask('client', 80, 'web')],
    after: [
      {
        apply: (ip) => [
          slice([
            at(ip('web'), { zone: 'a', hints: { forZones: [{ name: 'a' }] } }),
            at(ip('far'), { nodeName: 'n2', zone: 'b' }),
          ]),
        ],
        checks: [ask('client', 80, 'web+far')],
      },
    ],
  },
  {
    title: 'trafficDistribution PreferClose: pods of the zone of the caller, others while there is none',
    apply: () => [service({ trafficDistribution: 'PreferClose' }), labelled('far', 'web')],
    checks: [ask('client', 80, 'web')],
    after: [{ apply: () => [podIsNotReady('web')], checks: [ask('client', 80, 'far')] }],
  },
  {
    title: 'two Services of the same pods do not disturb each other',
    apply: () => [
      service({}),
      service({ clusterIP: '10.96.0.78', ports: [{ port: 90, targetPort: 8082 }] }, 't'),
    ],
    checks: [
      ask('client', 80, 'web'),
      ['client', '10.96.0.78', 90, 'tcp', 'web'],
      ask('client', 90, 'denied'),
    ],
    after: [{ remove: ['Service shop/t'], checks: [ask('client', 80, 'web')] }],
  },
]
