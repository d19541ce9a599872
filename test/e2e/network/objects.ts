// Objects and checks of which rows are made. Pods of the world: shop/web (app=web, tier=front, http=8080), shop/db (app=db,
// tier=back, http=8081), shop/client (app=client), other/guest (app=client), shop/far on the node n2 in zone b, shop/node in
// the network of the host; `node` is this machine, in zone a, `outside` is beyond it.

import type { Check, RowObject } from './rows.ts'

const namespace = 'shop'

export function policy(name: string, spec: object): RowObject {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name }, spec }
}

export const app = (name: string) => ({ podSelector: { matchLabels: { app: name } } })
export const inNamespace = (team: string) => ({ namespaceSelector: { matchLabels: { team } } })
export const WEB = app('web')
export const CLIENT = app('client')

/** The one policy of most rows; it selects shop/web. */
export const one = (spec: object) => () => [policy('p', { ...WEB, ...spec })]

export const allowed = (from: string, to: string, port = 8080, protocol: 'tcp' | 'udp' = 'tcp'): Check => [
  from,
  to,
  port,
  protocol,
  'allowed',
]

export const denied = (from: string, to: string, port = 8080, protocol: 'tcp' | 'udp' = 'tcp'): Check => [
  from,
  to,
  port,
  protocol,
  'denied',
]

/** A pod that is there gets this label. */
export function labelled(name: string, label: string): RowObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels: { app: label } } }
}

export function namespaceOf(name: string, team: string): RowObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team } } }
}

/** A new pod, at the address that the world has for its name. */
export function newPod(name: string, label: string): RowObject {
  const ports = [{ name: 'http', containerPort: 8080 }]
  return {
    ...labelled(name, label),
    spec: {
      nodeName: 'n1',
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'c', image: 'none', ports }],
    },
  }
}

/** A pod that is there has run to its end. */
export function podIsOver(name: string): RowObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, status: { phase: 'Succeeded' } }
}

/** A pod that is there is not ready any more. */
export function podIsNotReady(name: string): RowObject {
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({
    type,
    status: 'False',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }))
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, status: { conditions } }
}

/** It selects shop/web, port 80 for its 8080, unless `spec` says something else. */
export function service(spec: object, name = 's'): RowObject {
  const usual = { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] }
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec: { ...usual, ...spec } }
}

/** Of the Service `s`, when it has no selector: its endpoints are what somebody writes. */
export function slice(
  endpoints: readonly object[],
  { ports = [{ name: '', port: 8080 }], name = 's-1' }: { ports?: object[]; name?: string } = {},
): RowObject {
  const labels = { 'kubernetes.io/service-name': 's' }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name, labels },
    addressType: 'IPv4',
    ports,
    endpoints,
  }
}

/** Of an EndpointSlice, on this node. */
export const at = (ip: string, more: object = {}) => ({ addresses: [ip], nodeName: 'n1', ...more })

/** The Service `s`. */
export const ask = (from: string, port: number, outcome: string, protocol: 'tcp' | 'udp' = 'tcp'): Check => [
  from,
  'service s',
  port,
  protocol,
  outcome,
]

export const nodePort = (from: string, outcome: string, protocol: 'tcp' | 'udp' = 'tcp'): Check => [
  from,
  'node',
  30_081,
  protocol,
  outcome,
]

export const NODE_PORT = { type: 'NodePort', ports: [{ port: 80, targetPort: 8080, nodePort: 30_081 }] }
