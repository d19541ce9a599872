// A node with a real container runtime and the agent's real HTTPS port, but no agent: pods are started by the test, and
// their status is what the test says. For what goes from the API server into containers.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from '@brume/api/object'
import { issueLeaf } from '@brume/apiserver/auth/pki/leaf'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { NODES, PODS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { ownNames } from '@brume/machine/own-names'
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID } from '@brume/node/containers/names'
import type { Pod } from '@brume/node/contract'
import { type Cri, connectCri } from '@brume/node/cri/cri'
import { NAMESPACE_CONTAINER, NAMESPACE_NODE, NAMESPACE_POD } from '@brume/node/cri/enums'
import { ensureSandboxImage } from '@brume/node/runtime/import-image'
import { delegatedAccess } from '@brume/node/server/access'
import { type NodeServer, type NodeServerOptions, startNodeServer } from '@brume/node/server/server'
import { BUSYBOX_IMAGE, importBusybox } from './busybox-image.ts'
import { startTestContainerd, type TestContainerd } from './containerd.ts'
import type { TestControlPlane } from './control-plane.ts'
import { eventually } from './eventually.ts'
import { nodeTransport } from './node-user.ts'

export interface BarePod {
  name: string
  /** What the container `main` runs. */
  command: string[]
  tty?: boolean
  /** Standard input is open until the first who attaches closes it. */
  stdinOnce?: boolean
}

export interface BareNode {
  cri: Cri
  runtime: TestContainerd
  server: NodeServer
  logsDir: string
  /** The pods that the port knows. */
  pods: Map<string, Pod>
  /** Makes the pod in the API and its container in the runtime, on the machine's own network. Gives the container's id. */
  start(pod: BarePod): Promise<string>
  /** Begins to listen again, on the same port, after `server.close()`. */
  listen(): Promise<void>
  stop(): Promise<void>
}

const HOUR_MS = 3_600_000
const NAME = 'bare'

export async function startBareNode(
  plane: TestControlPlane,
  documents: NonNullable<NodeServerOptions['documents']> = {},
): Promise<BareNode> {
  const runtime = await startTestContainerd()
  const cri = connectCri(runtime.containerd.socket)
  await Promise.all([
    ensureSandboxImage(runtime.containerd.paths, cri),
    importBusybox(runtime.containerd.paths),
  ])
  await eventually('the image is known', async () => (await cri.imageStatus(BUSYBOX_IMAGE)) !== undefined)
  const logsDir = join(runtime.dataDir, 'node', 'logs')
  const pods = new Map<string, Pod>()
  const { pki } = plane.plane
  const leaf = await issueLeaf({
    ca: pki.ca,
    clock: systemClock,
    subject: { commonName: `system:node:${NAME}`, organizations: ['system:nodes'] },
    extKeyUsages: ['server auth'],
    lifetimeMs: HOUR_MS,
  })
  const transport = await nodeTransport(plane, NAME)
  const listen = (port: number) =>
    startNodeServer({
      host: '127.0.0.1',
      port,
      key: leaf.privateKeyPem,
      certificate: leaf.certificatePem,
      clientCa: pki.ca.certificatePem,
      pods: { list: () => pods.values() },
      cri,
      clock: systemClock,
      logger: silentLogger,
      documents,
      access: delegatedAccess({ client: new Client({ transport }), nodeName: NAME, clock: systemClock }),
    })
  let server = await listen(0)
  await plane.client.resource<KubeObject>(NODES).create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NAME },
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: server.port } },
    },
  })
  return {
    cri,
    runtime,
    get server() {
      return server
    },
    logsDir,
    pods,
    async start(asked) {
      const pod = await createPod(plane, asked)
      const id = await startContainer({ cri, logsDir, cgroup: ownNames(runtime.dataDir).cgroup }, pod, asked)
      const running = [{ name: 'main', containerID: `containerd://${id}`, state: { running: {} } }]
      pods.set(asked.name, { ...pod, status: { phase: 'Running', containerStatuses: running } })
      return id
    },
    async listen() {
      server = await listen(server.port)
    },
    async stop() {
      await server.close()
      transport.close()
      cri.close()
      await runtime.stop()
    },
  }
}

async function createPod(
  { client }: TestControlPlane,
  { name, command, tty = false, stdinOnce = false }: BarePod,
): Promise<Pod> {
  const main = { name: 'main', image: BUSYBOX_IMAGE, command, tty, stdin: stdinOnce, stdinOnce }
  const pods = client.resource<KubeObject>(PODS)
  const pod = await pods.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName: NAME, containers: [main] },
  })
  // kubectl port-forward and cp look whether it runs.
  const body = { status: { phase: 'Running' } }
  await pods.patch({ namespace: 'default', name }, { type: 'merge', body, subresource: 'status' })
  return pod as Pod
}

interface Place {
  cri: Cri
  logsDir: string
  cgroup: string
}

async function startContainer({ cri, logsDir, cgroup }: Place, pod: Pod, asked: BarePod): Promise<string> {
  const { name = '', namespace = '', uid = '' } = pod.metadata
  const logDirectory = join(logsDir, `${namespace}_${name}_${uid}`)
  mkdirSync(join(logDirectory, 'main'), { recursive: true })
  const labels = { [POD_NAME]: name, [POD_NAMESPACE]: namespace, [POD_UID]: uid }
  const namespaceOptions = { network: NAMESPACE_NODE, pid: NAMESPACE_CONTAINER, ipc: NAMESPACE_POD }
  const sandboxConfig = {
    metadata: { name, namespace, uid, attempt: 0 },
    logDirectory,
    labels,
    linux: { cgroupParent: cgroup, securityContext: { namespaceOptions } },
  }
  const podSandboxId = await cri.runPodSandbox(sandboxConfig)
  const id = await cri.createContainer({
    podSandboxId,
    sandboxConfig,
    config: {
      metadata: { name: 'main', attempt: 0 },
      image: { image: BUSYBOX_IMAGE },
      command: asked.command,
      labels: { ...labels, [CONTAINER_NAME]: 'main' },
      logPath: 'main/0.log',
      tty: asked.tty === true,
      stdin: asked.stdinOnce === true,
      stdinOnce: asked.stdinOnce === true,
      linux: { resources: {}, securityContext: { namespaceOptions } },
    },
  })
  await cri.startContainer(id)
  return id
}
