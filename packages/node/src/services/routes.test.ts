import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Behaviour, frontendKey, type Route } from '@brume/api/network/service-model'
import { routesOf, unservedAddresses } from '@brume/api/network/services'

const NODE = { name: 'n1', zone: 'a' }

function service(spec: object, status: object = {}) {
  const usual = { clusterIP: '10.96.0.9', ports: [{ port: 80, protocol: 'TCP', name: 'web' }] }
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'd', name: 's' },
    spec: { ...usual, ...spec },
    status,
  }
}

function slice(endpoints: object[], ports: object[] = [{ name: 'web', port: 8080 }]) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'd', name: 's-1' },
    addressType: 'IPv4',
    ports,
    endpoints,
  }
}

const on = (ip: string, nodeName: string, more: object = {}) => ({ addresses: [ip], nodeName, ...more })
const LEAVING = { conditions: { ready: false, serving: true, terminating: true } }
const NOT_READY = { conditions: { ready: false, serving: false } }

/** `KEY -> 10.0.0.1:80 10.0.0.2:80`, or the kind of refusal; and where callers of the cloud are led elsewhere, where. */
function text({ frontend, behaviour, inside }: Route): string {
  const behind = (of: Behaviour) =>
    of.type === 'forward' ? of.backends.map(({ ip, port }) => `${ip}:${port}`).join(' ') : of.type
  const others = inside === undefined ? '' : ` inside ${behind(inside)}`
  return `${frontendKey(frontend)} -> ${behind(behaviour)}${others}`
}

const CASES: { title: string; spec?: object; status?: object; endpoints: object[]; routes: string[] }[] = [
  {
    title: 'leads to the ready endpoints',
    endpoints: [on('10.0.0.2', 'n2'), on('10.0.0.1', 'n1'), on('10.0.0.3', 'n1', NOT_READY)],
    routes: ['10.96.0.9 . tcp . 80 -> 10.0.0.1:8080 10.0.0.2:8080'],
  },
  {
    title: 'leads to those that are leaving while no other is ready',
    endpoints: [on('10.0.0.1', 'n1', LEAVING)],
    routes: ['10.96.0.9 . tcp . 80 -> 10.0.0.1:8080'],
  },
  {
    title: 'sends nothing new to those that are leaving while another is ready',
    endpoints: [on('10.0.0.1', 'n1', LEAVING), on('10.0.0.2', 'n2')],
    routes: ['10.96.0.9 . tcp . 80 -> 10.0.0.2:8080'],
  },
  {
    title: 'refuses at once when nothing is behind it',
    endpoints: [],
    routes: ['10.96.0.9 . tcp . 80 -> refuse'],
  },
  {
    title: 'keeps inside traffic on the node, and drops it where nothing is',
    spec: { internalTrafficPolicy: 'Local' },
    endpoints: [on('10.0.0.2', 'n2')],
    routes: ['10.96.0.9 . tcp . 80 -> drop'],
  },
  {
    title: 'keeps outside traffic on the node, and inside traffic goes anywhere',
    spec: { externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 30080, name: 'web' }] },
    endpoints: [on('10.0.0.1', 'n1'), on('10.0.0.2', 'n2')],
    routes: ['10.96.0.9 . tcp . 80 -> 10.0.0.1:8080 10.0.0.2:8080', 'tcp . 30080 -> 10.0.0.1:8080'],
  },
  {
    title: 'keeps traffic to outer addresses on the node, but not that of the node itself and its pods',
    spec: { externalTrafficPolicy: 'Local', internalTrafficPolicy: 'Local', externalIPs: ['192.0.2.7'] },
    endpoints: [on('10.0.0.2', 'n2')],
    routes: ['10.96.0.9 . tcp . 80 -> drop', '192.0.2.7 . tcp . 80 -> drop inside 10.0.0.2:8080'],
  },
  {
    title: 'is reached at external addresses and at those that a load balancer gave',
    spec: { externalIPs: ['192.0.2.7'] },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.8' }, { ip: '192.0.2.9', ipMode: 'Proxy' }] } },
    endpoints: [on('10.0.0.1', 'n1')],
    routes: [
      '10.96.0.9 . tcp . 80 -> 10.0.0.1:8080',
      '192.0.2.7 . tcp . 80 -> 10.0.0.1:8080',
      '192.0.2.8 . tcp . 80 -> 10.0.0.1:8080',
    ],
  },
  {
    title: "follows the hints of the node's zone",
    endpoints: [
      on('10.0.0.1', 'n1', { hints: { forZones: [{ name: 'a' }] } }),
      on('10.0.0.2', 'n2', { hints: { forZones: [{ name: 'b' }] } }),
    ],
    routes: ['10.96.0.9 . tcp . 80 -> 10.0.0.1:8080'],
  },
  {
    title: 'ignores hints when one endpoint has none',
    endpoints: [on('10.0.0.1', 'n1'), on('10.0.0.2', 'n2', { hints: { forZones: [{ name: 'b' }] } })],
    routes: ['10.96.0.9 . tcp . 80 -> 10.0.0.1:8080 10.0.0.2:8080'],
  },
]

describe('the routes of a Service', () => {
  for (const { title, spec = {}, status = {}, endpoints, routes } of CASES) {
    it(title, () => {
      assert.deepEqual(routesOf(service(spec, status), [slice(endpoints)], NODE).map(text), routes)
    })
  }

  it('are none for headless Services and external names', () => {
    const slices = [slice([on('10.0.0.1', 'n1')])]
    assert.deepEqual(routesOf(service({ clusterIP: 'None' }), slices, NODE), [])
    assert.deepEqual(routesOf(service({ type: 'ExternalName' }), slices, NODE), [])
  })
})

it("has no address from outside that is a pod's or another Service's", () => {
  const node = { ...NODE, reserved: ['10.96.0.0/16', '10.42.0.0/16'] }
  const externalIPs = ['10.96.0.1', '10.42.3.7', '192.0.2.7', 'fd00::1']
  const status = { loadBalancer: { ingress: [{ ip: '10.96.0.2' }, { ip: '192.0.2.8' }] } }
  const routes = routesOf(service({ externalIPs }, status), [slice([on('10.42.0.1', 'n1')])], node)
  assert.deepEqual(
    routes.map(({ frontend }) => frontend.ip),
    ['10.96.0.9', '192.0.2.7', '192.0.2.8'],
  )
})

it("leaves a node's own ports at its addresses alone, and says so", () => {
  const node = { ...NODE, reserved: ['10.96.0.0/16'], own: { addresses: ['192.0.2.2'], ports: [22, 6443] } }
  const ports = [
    { port: 22, name: 'web' },
    { port: 80, name: 'web' },
    { port: 6443, name: 'web', protocol: 'UDP' },
  ]
  const mine = service(
    { externalIPs: ['192.0.2.2', '192.0.2.3', '10.96.0.1'], ports },
    { loadBalancer: { ingress: [{ ip: '192.0.2.2' }] } },
  )
  const keys = routesOf(mine, [slice([on('10.42.0.1', 'n1')])], node).map(({ frontend }) =>
    frontendKey(frontend),
  )
  assert.deepEqual(
    keys.filter((key) => key.includes(' 22') || key.startsWith('192.0.2.2')),
    [
      ...['10.96.0.9 . tcp . 22', '192.0.2.3 . tcp . 22'],
      ...['192.0.2.2 . tcp . 80', '192.0.2.2 . udp . 6443'],
    ],
  )
  const own =
    "the Service is not reached at 192.0.2.2: port 22 of that address is a node's own; use another port or another address"
  assert.deepEqual(unservedAddresses(mine, node), [
    own,
    "the Service is not reached at 10.96.0.1: it belongs to the cloud's own range 10.96.0.0/16",
    own,
  ])
  assert.deepEqual(unservedAddresses(service({ externalIPs: ['192.0.2.3'] }), node), [])
})

it('says who may ask at an address of a load balancer, and nowhere else', () => {
  const spec = {
    externalIPs: ['192.0.2.7', '192.0.2.8'],
    loadBalancerSourceRanges: [' 198.51.100.0/24', '198.51.100.7/32', '10.0.0.0/8', 'fd00::/8'],
  }
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.8' }] } }
  const limits = (more: object, address?: string) =>
    routesOf(service({ ...spec, ...more }, status), [slice([on('10.42.0.1', 'n1')])], {
      ...NODE,
      address,
    }).map(({ frontend, sources }) => [frontend.ip, sources])
  const open = [
    ['10.96.0.9', undefined],
    ['192.0.2.7', undefined],
  ]
  assert.deepEqual(limits({}), [...open, ['192.0.2.8', ['10.0.0.0/8', '198.51.100.0/24']]])
  // The node that has the address as its own asks under it.
  const node = ['10.0.0.0/8', '192.0.2.8/32', '198.51.100.0/24']
  assert.deepEqual(limits({}, '10.1.2.3'), [...open, ['192.0.2.8', node]])
  assert.deepEqual(limits({ loadBalancerSourceRanges: ['fd00::/8'] }), [...open, ['192.0.2.8', []]])
  assert.deepEqual(limits({ loadBalancerSourceRanges: [] }), [...open, ['192.0.2.8', undefined]])
})
