// A node in a network namespace of its own, with the agent's network part at work against a whole control plane: pods on
// its bridge, a pod of another node, a client outside. Everything that a row applies goes through the API to the kernel.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NETWORK_USER } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { formatTime, systemClock } from '@brume/base/clock'
import { createLogger, silentLogger } from '@brume/base/log'
import { actingAs } from '@brume/client/acting-as'
import { NAMESPACES, NODES, PODS, SERVICES } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { runController } from '@brume/client/controller'
import { createNode } from '@brume/controllers/integration/fake-kubelet'
import { run } from '@brume/machine/run'
import { nodeInformer } from '@brume/node/agent/informer'
import { startNetworking } from '@brume/node/agent/networking'
import type { NodeContext } from '@brume/node/contract'
import { CNI_CONF_FILE } from '@brume/node/network/cni-conf'
import { ensureNetwork, type PodNetwork } from '@brume/node/network/network'
import { removeNetwork } from '@brume/node/network/remove'
import { addPod, inside, wire } from '@brume/node/testing/namespaces'
import { testNodeContext } from '@brume/node/testing/node-context'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { type Talker, Talkers } from './talkers.ts'

export interface World {
  plane: TestControlPlane
  client: Client
  talkers: ReadonlyMap<string, Talker>
  ip(name: string): string
  /** What the kernel has stays. */
  stopAgent(): Promise<void>
  startAgent(): Promise<void>
  close(): Promise<void>
}

interface Agent {
  stop(): Promise<void>
}

export const MACHINE = '198.51.100.2'
const OUTSIDE = '198.51.100.1'
/** A pod of the node n2, routed here as the tunnel would. */
const FAR = '10.42.7.5'
const TUNNEL = '10.42.7.1'
const POD_RANGE = '10.42.0.0/24'
const CLOUD_RANGE = '10.42.0.0/16'
const SERVICE_RANGE = '10.96.0.0/16'
/** Addresses that the world outside sends here, as a router in front of a cloud does. */
const OUTER_RANGE = '192.0.2.0/24'
const HEARTBEAT_MS = 10_000
export const LISTENING = { tcp: [8080, 8081, 8082, 8083], udp: [5353, 8080] }

/** Pods of this node that have an address; `spare` and `spare-2` have one and no Pod: rows make it. */
const PODS_HERE = ['web', 'db', 'client', 'guest', 'spare', 'spare-2'] as const

export async function startWorld(): Promise<World> {
  await run(['ip', 'link', 'set', 'lo', 'up'])
  const dataDir = mkdtempSync(join(tmpdir(), 'brume-world-'))
  const talkers = new Talkers()
  const names = ['outside', 'far', ...PODS_HERE]
  const started = await Promise.all([
    talkers.start('node', LISTENING, { own: false }),
    ...names.map((name) => talkers.start(name, LISTENING, { own: true })),
  ])
  const byName = new Map(['node', ...names].map((name, i) => [name, started[i]!]))
  const pidOf = (name: string) => byName.get(name)!.pid
  await wire({ dev: 'up0', pid: pidOf('outside'), here: `${MACHINE}/24`, there: [`${OUTSIDE}/24`] })
  await wire({ dev: 'far0', pid: pidOf('far'), here: `${TUNNEL}/24`, there: [`${FAR}/24`] })
  await inside(pidOf('far'), ['ip', 'route', 'add', 'default', 'via', TUNNEL])
  for (const range of [SERVICE_RANGE, CLOUD_RANGE, OUTER_RANGE])
    await inside(pidOf('outside'), ['ip', 'route', 'add', range, 'via', MACHINE])
  await run(['ip', 'route', 'add', 'default', 'via', OUTSIDE])
  const network = await ensureNetwork({
    dataDir,
    podRange: POD_RANGE,
    cloudRange: CLOUD_RANGE,
    serviceRange: SERVICE_RANGE,
    logger: silentLogger,
  })
  const ips = new Map([
    ['node', MACHINE],
    ['outside', OUTSIDE],
    ['far', FAR],
    ['tunnel', TUNNEL],
    ['bridge', POD_RANGE.replace('0/24', '1')],
  ])
  for (const name of PODS_HERE)
    ips.set(name, await addPod(join(network.cniConfDir, CNI_CONF_FILE), pidOf(name)))

  const plane = await startTestControlPlane()
  const { client } = plane
  const zoned = (zone: string) => ({ labels: { 'topology.kubernetes.io/zone': zone } })
  await createNode(client, 'n1', zoned('a'))
  await createNode(client, 'n2', zoned('b'))
  const heartbeats = setInterval(() => void beat(client).catch(() => {}), HEARTBEAT_MS)
  const context = testNodeContext({
    root: dataDir,
    cri: undefined as never,
    client: new Client({ transport: actingAs(client.transport, NETWORK_USER), clock: systemClock }),
    nodeName: 'n1',
  })
  let agent: Agent | undefined = await startAgent(context, { network, dataDir })

  const ip = (name: string) => {
    const found = ips.get(name)
    if (found === undefined) throw new Error(`nobody here is called ${name}`)
    return found
  }
  await makePods(client, ip)
  return {
    plane,
    client,
    talkers: byName,
    ip,
    async stopAgent() {
      await agent?.stop()
      agent = undefined
    },
    async startAgent() {
      agent ??= await startAgent(context, { network, dataDir })
    },
    async close() {
      clearInterval(heartbeats)
      await agent?.stop()
      await plane.stop()
      await removeNetwork(dataDir)
      talkers.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** The network part of an agent. */
async function startAgent(
  context: NodeContext,
  { network, dataDir }: { network: PodNetwork; dataDir: string },
): Promise<Agent> {
  const logger = createLogger('error')
  const clock = systemClock
  const informer = nodeInformer(context)
  const services = informer(SERVICES)
  const nodes = informer(NODES, 'metadata.name=n1')
  const pods = informer(PODS, 'spec.nodeName=n1')
  const networking = await startNetworking({
    network,
    dataDir,
    nodeName: 'n1',
    domain: 'cluster.local',
    informer,
    services,
    pods,
    address: MACHINE,
    caPem: 'a world of its own',
    client: context.client,
    encryption: 'off',
    ownPorts: () => [],
    node: () => nodes.store.get('', 'n1'),
    event: context.event,
    clock,
    logger,
  })
  const running = networking.specs.map((spec) => runController(spec, { clock, logger }))
  for (const one of [services, nodes, pods, networking]) one.start()
  await Promise.all(running.map(({ ready }) => ready))
  return {
    async stop() {
      await Promise.all(running.map((one) => one.stop()))
      await Promise.all([services, nodes, pods, networking].map((one) => one.stop()))
    },
  }
}

/** The status says what a kubelet would say of a pod that runs at this address. */
export function podStatus(ip: string, { ready = true } = {}): object {
  const lastTransitionTime = formatTime(Date.now())
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({
    type,
    status: ready ? 'True' : 'False',
    lastTransitionTime,
  }))
  return { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions }
}

export function podObject(of: {
  namespace: string
  name: string
  labels: Record<string, string>
  /** The number behind the name `http`. */
  http?: number
  node?: string
  hostNetwork?: boolean
}): KubeObject {
  const { namespace, name, labels, http = 8080, node = 'n1', hostNetwork = false } = of
  const ports = [
    { name: 'http', containerPort: http },
    { name: 'names', containerPort: 5353, protocol: 'UDP' },
  ]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      nodeName: node,
      hostNetwork,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'c', image: 'none', ports }],
    },
  } as KubeObject
}

async function makePods(client: Client, ip: (name: string) => string): Promise<void> {
  for (const [name, labels] of [
    ['shop', { team: 'shop' }],
    ['other', { team: 'other' }],
    ['barrier', {}],
  ] as const)
    await client
      .resource(NAMESPACES)
      .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...labels } } })
  const shop = (name: string, more: object = {}) =>
    podObject({ namespace: 'shop', name, labels: { app: name }, ...more })
  const pods = [
    shop('web', { labels: { app: 'web', tier: 'front' } }),
    shop('db', { http: 8081, labels: { app: 'db', tier: 'back' } }),
    shop('client'),
    shop('far', { node: 'n2' }),
    shop('node', { hostNetwork: true, http: 8080 }),
    podObject({ namespace: 'other', name: 'guest', labels: { app: 'client' } }),
  ]
  for (const pod of pods) {
    await client.resource(PODS).create(pod)
    const { namespace = '', name = '' } = pod.metadata
    const body = { status: podStatus(ip(name)) }
    await client.resource(PODS).patch({ namespace, name }, { type: 'merge', subresource: 'status', body })
  }
}

/** As a kubelet: a node that is not heard of counts as lost. */
async function beat(client: Client): Promise<void> {
  const body = { status: { conditions: [{ type: 'Ready', lastHeartbeatTime: formatTime(Date.now()) }] } }
  for (const name of ['n1', 'n2'])
    await client.resource(NODES).patch({ name }, { type: 'strategic', subresource: 'status', body })
}
