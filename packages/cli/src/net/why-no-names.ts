// Why a pod learns no address of any name: its policies keep it from the DNS server. Pure.

import { isIPv4 } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import { stoppedBy } from './allowed.ts'
import { closed, described, notOut, type Path } from './path.ts'
import type { NetworkWorld } from './world.ts'

const DNS_PORT = 53

/** Names are asked at the node's DNS server, by IPv4. undefined: nothing keeps the pod from it. */
export function whyNoNames(world: NetworkWorld, from: KubeObject): Path | undefined {
  const node = world.nodes.find(({ metadata }) => metadata.name === from['spec'].nodeName)
  const range = String(node?.['spec']?.podCIDR ?? '')
  const server = range.replace(/\.0\/\d+$/, '.1')
  if (!isIPv4(server) || from['spec'].hostNetwork === true) return undefined
  const asDns = dnsPod(node!, server)
  const seen = { ...world, pods: [...world.pods, asDns] }
  const by = stoppedBy(from, 'egress', {
    world: seen,
    packet: { ip: server, protocol: 'udp', port: DNS_PORT },
  })
  if (by === undefined) return undefined
  return closed(`${notOut(from, by, 'the DNS server (UDP port 53)')}: it knows no names`, described(by))
}

/** The node's DNS server, as policies name it. */
function dnsPod(node: KubeObject, ip: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'kube-system',
      name: `dns-${node.metadata.name}`,
      labels: { 'k8s-app': 'kube-dns' },
    },
    spec: {
      containers: [{ name: 'dns', ports: [{ name: 'dns', protocol: 'UDP', containerPort: DNS_PORT }] }],
    },
    status: { podIPs: [{ ip }] },
  } as unknown as KubeObject
}
