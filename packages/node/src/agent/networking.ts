// What the node does for its pods' network beyond addresses: names, Services, network policies.

import { join } from 'node:path'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { DNS_ZONES, ENDPOINT_SLICES, NAMESPACES, NETWORK_POLICIES, NODES, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ControllerSpec } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { SlicesByService } from '@brume/client/slices-by-service'
import { ownNames } from '@brume/machine/own-names'
import { announce } from '../announce/announce.ts'
import type { NodeContext } from '../contract.ts'
import type { Encryption } from '../network/encryption.ts'
import type { PodNetwork } from '../network/network.ts'
import { announceTable, policiesTable, servicesTable } from '../network/nft-rules.ts'
import { tunnels } from '../network/tunnels.ts'
import { type NetworkPolicies, networkPolicies } from '../policies/policies.ts'
import { serviceRules } from '../services/services.ts'
import type { NodeInformer } from './informer.ts'
import { startNames } from './names.ts'

export interface NetworkingOptions {
  network: PodNetwork
  dataDir: string
  nodeName: string
  domain: string
  informer: NodeInformer
  services: Informer
  /** Of what goes to other nodes. */
  encryption: Encryption
  /** As the node itself. */
  client: Client
  /** Of this node, as the agent knows them. */
  pods: Informer
  /** This node's address towards the others, and the CA of the cloud. */
  address: string
  caPem: string
  /** TCP ports of its addresses at which the node itself is reached. */
  ownPorts(): readonly number[]
  /** This node, as the API has it. */
  node(): KubeObject | undefined
  /** Something to say about an object. */
  event: NodeContext['event']
  clock: Clock
  logger: Logger
}

export interface Networking {
  /** For pods' resolv.conf. */
  dnsServers: readonly string[]
  problems: readonly string[]
  specs: readonly ControllerSpec[]
  /** Resolves when the pod's filters are in place. Throws PodProblem. */
  enforced(podUid: string, podIps: readonly string[]): Promise<void>
  /** Begins to watch; after the controllers have been started. */
  start(): void
  stop(): Promise<void>
}

const ZONE = 'topology.kubernetes.io/zone'

/** With a site's own network, Services still lead to pods; names and policies are the site's business. */
export async function startNetworking(options: NetworkingOptions): Promise<Networking> {
  const { network, dataDir, nodeName, domain, informer, services, pods, address, caPem, ownPorts, node } =
    options
  const { event, clock, logger } = options
  const { table } = ownNames(dataDir)
  const slices = informer(ENDPOINT_SLICES)
  const nodes = informer(NODES)
  const slicesByService = new SlicesByService(slices)
  const zones = informer(DNS_ZONES)
  const names = await startNames({
    network,
    table,
    services,
    slices,
    slicesByService,
    zones,
    pods,
    domain,
    clock,
    logger,
  })
  const { bridge, range: podRange } = network
  const rules = serviceRules({
    services,
    slices,
    slicesByService,
    nodes,
    node: () => ({
      name: nodeName,
      zone: node()?.metadata.labels?.[ZONE],
      address,
      reserved: network.reserved,
      own: { addresses: nodes.store.list().flatMap(addressesOf), ports: ownPorts() },
    }),
    onUnserved(service, problems) {
      for (const message of problems) event(service, { type: 'Warning', reason: 'AddressNotServed', message })
    },
    table: servicesTable(table),
    bridge,
    podRange,
    podRange6: network.ipv6?.range,
    clock,
    logger,
  })
  const { client, encryption } = options
  const context = { client, event, logger, nodeName }
  const keyPath = join(dataDir, 'node', 'pki', 'wireguard.key')
  const { mtu } = network
  const toOthers =
    podRange === undefined
      ? []
      : tunnels({
          ...{ context, nodes, encryption, dataDir, keyPath, podRange, address, mtu, caPem },
          hasIpv6: network.ipv6 !== undefined,
        })
  const answers = announce({
    services,
    nodeName,
    address,
    table: announceTable(table),
    onClash(service, message) {
      logger.warn('an address of the LAN is not free', { service: service.metadata.name, message })
      event(service, { type: 'Warning', reason: 'AddressClash', message })
    },
  })
  const policyInformer = informer(NETWORK_POLICIES)
  const policies: NetworkPolicies | undefined =
    bridge === undefined
      ? undefined
      : networkPolicies({
          policies: policyInformer,
          pods: () => informer(PODS),
          namespaces: () => informer(NAMESPACES),
          others: names.servers.map(dnsPod),
          nodeName,
          table: policiesTable(table),
          bridge,
          hasIpv6: network.ipv6 !== undefined,
          clock,
          logger,
        })
  return {
    dnsServers: names.servers,
    problems: names.problems,
    specs: [rules, answers, ...toOthers, ...(policies === undefined ? [] : [policies.spec])],
    async enforced(podUid, podIps) {
      names.asks(podUid, podIps)
      await policies?.enforced(podUid, podIps)
    },
    start() {
      slices.start()
      nodes.start()
      if (names.servers.length > 0) zones.start()
      if (policies !== undefined) policyInformer.start()
    },
    async stop() {
      const informers = [slices, nodes, zones, policyInformer]
      await Promise.all([names.close(), policies?.stop(), ...informers.map((one) => one.stop())])
    },
  }
}

function addressesOf({ status }: KubeObject): string[] {
  return listOf(status?.['addresses']).map(({ address }) => address)
}

/** Policies name the DNS server as a pod of kube-system; here it is the node, and they reach it by the same name. */
function dnsPod(ip: string): KubeObject {
  const ports = ['UDP', 'TCP'].map((protocol) => ({
    name: protocol === 'UDP' ? 'dns' : 'dns-tcp',
    containerPort: 53,
    protocol,
  }))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'kube-system', name: 'dns', labels: { 'k8s-app': 'kube-dns' } },
    spec: { nodeName: '', containers: [{ name: 'dns', ports }] },
    status: { phase: 'Running', podIPs: [{ ip }] },
  }
}
