// The Service `kubernetes` in `default`, through which pods reach the API server, and where it leads.

import { isIPv6 } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import type { ApiServerAddress } from '../dependencies.ts'

const NAME = 'kubernetes'
const NAMESPACE = 'default'

export function apiServerObjects(apiServer: ApiServerAddress | undefined): KubeObject[] {
  if (apiServer === undefined) return []
  // A server that only this machine reaches has a name in the cluster, and nowhere to lead.
  if (apiServer.addresses.length === 0) return [service(apiServer)]
  return [service(apiServer), endpoints(apiServer), endpointSlice(apiServer)]
}

function service({ port, serviceIp }: ApiServerAddress): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilyPolicy: 'SingleStack',
      ...(serviceIp === undefined ? {} : { clusterIP: serviceIp }),
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }],
    },
  }
}

function endpoints({ addresses, port }: ApiServerAddress): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [
      {
        addresses: [...addresses].sort().map((ip) => ({ ip })),
        ports: [{ name: 'https', port, protocol: 'TCP' }],
      },
    ],
  }
}

function endpointSlice({ addresses, port }: ApiServerAddress): KubeObject {
  const family = isIPv6(addresses[0]!) ? 'IPv6' : 'IPv4'
  const ofFamily = addresses.filter((address) => isIPv6(address) === (family === 'IPv6')).sort()
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: NAME, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': NAME } },
    addressType: family,
    endpoints: ofFamily.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  }
}
