// Everything of the agent that runs once its container runtime answers: volumes, images, probes, the pod worker, the
// HTTPS server, registration, and what tidies up.

import { NETWORK_USER } from '@brume/api/network'
import { actingAs } from '@brume/client/acting-as'
import { NODES, PODS, SERVICES } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { runController } from '@brume/client/controller'
import { PodAdmission } from '../admission/admission.ts'
import { mountedHierarchies } from '../containers/hierarchies.ts'
import type { NodeContext, Pod } from '../contract.ts'
import { lifecycleHooks } from '../hooks/hooks.ts'
import { imagePuller } from '../images/puller.ts'
import { rotateLogs } from '../logs/rotate.ts'
import type { PodNetwork } from '../network/network.ts'
import { PodSource } from '../pods/pod-source.ts'
import { podWorker } from '../pods/worker.ts'
import { nodeProbes } from '../probes/probes.ts'
import { nodeAddress } from '../registration/addresses.ts'
import { type Registration, startRegistration } from '../registration/registration.ts'
import { delegatedAccess } from '../server/access.ts'
import { startOnUsualPort } from '../server/server.ts'
import { startStaticPods } from '../static-pods/static-pods.ts'
import { localVolumes } from '../volumes/local-volumes.ts'
import { WatchedObjects } from '../volumes/object-source.ts'
import { NodeVolumes } from '../volumes/pod-volumes.ts'
import type { NodeAgentOptions, NodeCredentials } from './agent.ts'
import { HostPorts } from './host-ports.ts'
import { nodeInformer } from './informer.ts'
import { startNetworking } from './networking.ts'
import { startNodeCare } from './node-care.ts'
import { ownPorts } from './own-ports.ts'
import { podParts } from './pod-parts.ts'
import { readNodeSettings } from './settings.ts'

export interface RunningParts {
  registration: Registration
  /** Pods are being looked after. */
  ready: Promise<unknown>
  setCredentials(credentials: NodeCredentials): void
  /** Containers go on. */
  stop(): Promise<void>
}

const CLUSTER_DOMAIN = 'cluster.local'
/** Volumes written from objects are brought up to date at once when these change; tokens are looked at so often. */
const REFRESH_EVERY_MS = 60_000
const SERVER_HOST = '0.0.0.0'

export async function runParts(
  context: NodeContext,
  options: NodeAgentOptions,
  network: PodNetwork,
): Promise<RunningParts> {
  const { clock, cri, logger, nodeName, dirs } = context
  const informer = nodeInformer(context)
  const networkClient = new Client({ transport: actingAs(context.client.transport, NETWORK_USER), clock })
  const podInformer = informer(PODS, `spec.nodeName=${nodeName}`)
  const services = informer(SERVICES)
  const nodes = informer(NODES, `metadata.name=${nodeName}`)
  const pods = new PodSource(podInformer)
  const hierarchies = await mountedHierarchies()
  const hostIps = [nodeAddress()]
  const own = () => ownPorts({ url: options.registry.url, edgePorts: options.edgePorts ?? [] })
  const networking = await startNetworking({
    network,
    dataDir: options.dataDir,
    nodeName,
    client: context.client,
    encryption: options.encryption ?? 'auto',
    domain: CLUSTER_DOMAIN,
    informer: nodeInformer({ ...context, client: networkClient }),
    services,
    address: hostIps[0] ?? '',
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
  const objects = new WatchedObjects(context)
  const volumes = new NodeVolumes({ context, settings, objects })
  const parts = podParts({
    context,
    settings,
    hierarchies,
    volumes,
    objects,
    services,
    enforced: networking.enforced,
    bindPods: () => network.bindPods(),
    views: () => worker.views,
  })
  await parts.recall()
  const hostPorts = new HostPorts({
    set: (ports) => network.setHostPorts(ports),
    ownPorts: own,
    onRefused: (pod, message) =>
      context.event(pod, { type: 'Warning', reason: 'HostPortNotServed', message }),
  })
  const probes = nodeProbes(context, { onResult: (uid) => worker.wake(uid) })
  const admission = new PodAdmission({ pods: () => pods.all(), node: () => registration?.node() })
  const worker = podWorker({
    context,
    pods,
    objects,
    probes,
    hostIps: () => hostIps,
    refusalOf: (pod) => admission.refusalOf(pod),
    leftoverUids: parts.leftoverUids,
    settled: ({ uid, pod, sandboxes }) => {
      const ready = sandboxes[0]?.ready === true ? sandboxes[0].ips[0] : undefined
      hostPorts
        .update(uid, pod, ready)
        .catch((error) => logger.warn('host ports could not be set', { error: String(error) }))
    },
    act: {
      ...parts,
      images: imagePuller(context, {
        objects,
        onPulled: () => registration?.refresh(),
      }),
      hooks: lifecycleHooks(context),
    },
  })
  const refresh = (pod: Pod) =>
    volumes
      .refresh(pod)
      .catch((error) => logger.warn('volumes could not be refreshed', { error: String(error) }))
  const stopChanges = objects.onChange((uid) => {
    const pod = pods.get(uid)
    if (pod !== undefined) void refresh(pod)
  })
  const refreshing = setInterval(() => {
    for (const pod of pods.all()) void refresh(pod)
  }, REFRESH_EVERY_MS)
  refreshing.unref()
  const care = startNodeCare(context, {
    hierarchies,
    cgroupRoot: settings.cgroups.root,
    pods,
    arePodsKnown: () => podInformer.hasSynced,
    probes,
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
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } }
  for (const message of network.warnings)
    context.event(node, { type: 'Warning', reason: 'PodTrafficDropped', message })
  let registration: Registration | undefined
  registration = startRegistration(context, {
    kubeletPort: server.port,
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
  const serving = held.then(async (isOurs) => {
    if (!isOurs) return
    for (const one of [services, nodes, podInformer, networking]) one.start()
    await Promise.all([...running.map(({ ready }) => ready), services.synced()])
  })
  return {
    registration,
    ready: serving,
    setCredentials: ({ key, certificate }) => server.renew({ key, certificate }),
    async stop() {
      clearInterval(refreshing)
      stopChanges()
      stopRotating()
      await Promise.all([server.close(), stopServing(), registration?.stop()])
      probes.stop()
      await Promise.all([services, nodes, podInformer, networking].map((one) => one.stop()))
      await objects.stop()
    },
  }
}
