// Everything of the agent that runs once its container runtime answers: what it watches, the pods' network, what makes pods
// run, the HTTPS server, registration, and what tidies up.

import { NETWORK_USER } from '@brume/api/network'
import { actingAs } from '@brume/client/acting-as'
import { Client } from '@brume/client/client'
import { runController } from '@brume/client/controller'
import { mountedHierarchies } from '../containers/hierarchies.ts'
import type { NodeContext } from '../contract.ts'
import { nodeSubject } from '../event-subjects.ts'
import { evictionSettings } from '../eviction/thresholds.ts'
import { rotateLogs } from '../logs/rotate.ts'
import type { PodNetwork } from '../network/network.ts'
import { nodeAddress } from '../registration/addresses.ts'
import { type Registration, startRegistration } from '../registration/registration.ts'
import { delegatedAccess } from '../server/access.ts'
import { startOnUsualPort } from '../server/server.ts'
import { startStaticPods } from '../static-pods/static-pods.ts'
import { localVolumes } from '../volumes/local-volumes.ts'
import type { NodeAgentOptions, NodeCredentials } from './agent.ts'
import { nodeInformer } from './informer.ts'
import { startNetworking } from './networking.ts'
import { startNodeCare } from './node-care.ts'
import { ownPorts } from './own-ports.ts'
import { servePods } from './pod-serving.ts'
import { readNodeSettings } from './settings.ts'
import { watchedBy } from './watched.ts'

export interface RunningParts {
  registration: Registration
  /** Pods are being looked after. */
  ready: Promise<unknown>
  setCredentials(credentials: NodeCredentials): void
  /** Containers go on. */
  stop(): Promise<void>
}

const CLUSTER_DOMAIN = 'cluster.local'
const SERVER_HOST = '0.0.0.0'

export async function runParts(
  context: NodeContext,
  options: NodeAgentOptions,
  { network, runtimeHandlers }: { network: PodNetwork; runtimeHandlers: readonly string[] },
): Promise<RunningParts> {
  const { clock, cri, logger, nodeName, dirs } = context
  const { eviction = evictionSettings({}) } = options
  let registration: Registration | undefined
  const watched = watchedBy(context)
  const { pods, podInformer, services, nodes } = watched
  const hierarchies = await mountedHierarchies()
  const address = nodeAddress()
  const { address6 } = network
  const hostIps = address6 === undefined ? [address] : [address, address6]
  const own = () => ownPorts({ url: options.registry.url, edgePorts: options.edgePorts ?? [] })
  const networkClient = new Client({ transport: actingAs(context.client.transport, NETWORK_USER), clock })
  const networking = await startNetworking({
    network,
    dataDir: options.dataDir,
    nodeName,
    client: context.client,
    encryption: options.encryption ?? 'auto',
    domain: CLUSTER_DOMAIN,
    informer: nodeInformer({ ...context, client: networkClient }),
    services,
    pods: podInformer,
    address,
    caPem: options.credentials.ca,
    ownPorts: own,
    node: () => nodes.store.get('', nodeName),
    event: context.event,
    clock,
    logger,
  })
  const settings = readNodeSettings({
    dataDir: options.dataDir,
    dirs,
    hierarchies,
    clusterDomain: CLUSTER_DOMAIN,
    clusterDns: networking.dnsServers,
    hostIps,
    allocatable: () => registration?.node()?.['status']?.allocatable ?? {},
  })
  const serving = await servePods({
    context,
    watched,
    settings,
    hierarchies,
    runtimeHandlers,
    network,
    networking,
    ownPorts: own,
    node: () => registration?.node(),
    onImages: () => registration?.refresh(),
  })
  const { worker, probes } = serving
  const care = startNodeCare(context, {
    hierarchies,
    cgroupRoot: settings.cgroups.root,
    pods,
    arePodsKnown: () => podInformer.hasSynced,
    probes,
    eviction,
    condemn: (uid, verdict) => worker.condemn(uid, verdict),
    onPressure: () => registration?.refresh(),
    version: () => registration?.node()?.['status']?.nodeInfo?.kubeletVersion ?? '',
  })
  const server = await startOnUsualPort({
    host: SERVER_HOST,
    key: options.credentials.key,
    certificate: options.credentials.certificate,
    clientCa: options.credentials.ca,
    pods: { list: () => pods.all() },
    cri,
    clock,
    logger,
    documents: care.documents,
    access: delegatedAccess({ client: context.client, nodeName, clock }),
  })
  const stopRotating = rotateLogs({ cri, clock, logger, logsDir: dirs.logs })
  // Pods run, though they reach less than they should: the node is ready, and whoever looks at it is told.
  for (const message of network.warnings)
    context.event(nodeSubject(nodeName), { type: 'Warning', reason: 'PodTrafficDropped', message })
  registration = startRegistration(context, {
    kubeletPort: server.port,
    address6,
    evictionThresholds: eviction.thresholds,
    ...(options.labels === undefined ? {} : { labels: options.labels }),
    problems: () => networking.problems,
    pressure: care.pressure,
    onRefused(message) {
      // Whoever serves the node now looks after its pods.
      void stopServing()
      options.onRefused(message)
    },
  })
  const staticPods = startStaticPods(context, {
    pods: () => pods.all(),
    onPod: (fn) => podInformer.addHandler({ add: fn, update: fn, delete: fn }),
    node: () => registration?.node(),
  })
  const running = [worker.spec, localVolumes(context, nodes), ...networking.specs].map((spec) =>
    runController(spec, { clock, logger }),
  )
  let stopping: Promise<unknown> | undefined
  const stopServing = () => {
    stopping ??= Promise.all([care.stop(), staticPods.stop(), ...running.map((one) => one.stop())]).then(() =>
      worker.stop(),
    )
    return stopping
  }
  const { held } = registration
  // Before it is known that no other agent serves the node, nothing is done to its pods.
  const ready = held.then(async (isOurs) => {
    if (!isOurs) return
    watched.start()
    networking.start()
    await Promise.all([...running.map((one) => one.ready), services.synced()])
  })
  return {
    registration,
    ready,
    setCredentials: ({ key, certificate }) => server.renew({ key, certificate }),
    async stop() {
      serving.stopRefreshing()
      stopRotating()
      await Promise.all([server.close(), stopServing(), registration?.stop()])
      await serving.stop()
      await Promise.all([watched.stop(), networking.stop()])
    },
  }
}
