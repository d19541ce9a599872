// The kinds of the Gateway API by name, for clients of them.

import type { ResourceRef } from '@brume/client/resource-ref'

export const GROUP = 'gateway.networking.k8s.io'
export const CONTROLLER_NAME = 'brume.dev/gateway'

const of = (plural: string, kind: string, namespaced = true): ResourceRef => ({
  group: GROUP,
  version: 'v1',
  plural,
  kind,
  namespaced,
})

export const GATEWAY_CLASSES = of('gatewayclasses', 'GatewayClass', false)
export const GATEWAYS = of('gateways', 'Gateway')
export const HTTP_ROUTES = of('httproutes', 'HTTPRoute')
export const GRPC_ROUTES = of('grpcroutes', 'GRPCRoute')
export const TLS_ROUTES = of('tlsroutes', 'TLSRoute')
export const TCP_ROUTES = of('tcproutes', 'TCPRoute')
export const REFERENCE_GRANTS = of('referencegrants', 'ReferenceGrant')
