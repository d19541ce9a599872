// The Node object that this agent wants to see, as data.

import type { KubeObject } from '@brume/api/object'
import { canonicalQuantity } from '@brume/base/quantity'
import type { Image } from '../cri/cri.ts'
import type { Health } from './conditions.ts'
import type { MachineFacts } from './machine-facts.ts'

export interface Taint {
  key: string
  value?: string
  effect: string
}

/** What is not for pods. Memory is also lessened by what eviction keeps free, as the kubelet does. */
export interface Reserved {
  cpuMillis: number
  memoryBytes: number
  diskBytes: number
}

export interface NodeReport {
  facts: MachineFacts
  /** In a cloud with both families. */
  address6?: string | undefined
  /** `containerd://1.6.20` */
  runtimeVersion: string
  /** As the API server's /version says. */
  kubeletVersion: string
  /** The agent's HTTPS port: logs, exec, stats. */
  kubeletPort: number
  maxPods: number
  reserved: Reserved
  images: readonly Image[]
  health: Health
}

/** The largest ones (the kubelet's nodeStatusMaxImages), each with so many names. */
const MAX_IMAGES = 50
const MAX_NAMES = 5

/** Labels that are the agent's to keep as they are. */
export function ownLabels({ hostname, arch }: MachineFacts): Record<string, string> {
  return {
    'kubernetes.io/hostname': hostname,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': arch,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': arch,
  }
}

/** For a node that does not exist yet. `labels` and `taints` are the site's; later they belong to whoever edits the Node. */
export function newNode(
  name: string,
  facts: MachineFacts,
  { labels, taints }: { labels: Readonly<Record<string, string>>; taints: readonly Taint[] },
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...labels, ...ownLabels(facts) } },
    spec: taints.length === 0 ? {} : { taints: [...taints] },
  }
}

/** Node.status without its conditions. */
export function statusOf(report: NodeReport): Record<string, unknown> {
  const { facts, address6, kubeletVersion } = report
  return {
    addresses: [
      // The first is what others ask for when they want one.
      { type: 'InternalIP', address: facts.address },
      ...(address6 === undefined ? [] : [{ type: 'InternalIP', address: address6 }]),
      { type: 'Hostname', address: facts.hostname },
    ],
    ...resourcesOf(report),
    daemonEndpoints: { kubeletEndpoint: { Port: report.kubeletPort } },
    nodeInfo: {
      machineID: facts.machineId,
      systemUUID: facts.systemUuid,
      bootID: facts.bootId,
      kernelVersion: facts.kernelVersion,
      osImage: facts.osImage,
      containerRuntimeVersion: report.runtimeVersion,
      kubeletVersion,
      kubeProxyVersion: kubeletVersion,
      operatingSystem: 'linux',
      architecture: facts.arch,
    },
    images: imagesOf(report.images),
  }
}

function resourcesOf({ facts, maxPods, reserved }: NodeReport) {
  const hugeBytes = Object.values(facts.hugepages).reduce((sum, bytes) => sum + bytes, 0)
  const huge = Object.fromEntries(
    Object.entries(facts.hugepages).map(([name, bytes]) => [name, bytesText(bytes)]),
  )
  const pods = String(maxPods)
  const capacity = {
    cpu: String(facts.cpus),
    'ephemeral-storage': kibibytes(facts.diskBytes),
    ...huge,
    memory: kibibytes(facts.memoryBytes),
    pods,
  }
  const allocatable = {
    cpu: canonicalQuantity(`${Math.max(0, facts.cpus * 1000 - reserved.cpuMillis)}m`)!,
    'ephemeral-storage': String(Math.max(0, facts.diskBytes - reserved.diskBytes)),
    ...huge,
    memory: kibibytes(Math.max(0, facts.memoryBytes - hugeBytes - reserved.memoryBytes)),
    pods,
  }
  return { capacity, allocatable }
}

function imagesOf(images: readonly Image[]): { names: string[]; sizeBytes: number }[] {
  return images
    .map(({ repoDigests = [], repoTags = [], size = 0 }) => ({
      names: [...repoDigests, ...repoTags].slice(0, MAX_NAMES),
      sizeBytes: size,
    }))
    .filter(({ names }) => names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.names[0]! < b.names[0]! ? -1 : 1))
    .slice(0, MAX_IMAGES)
}

/** As the kubelet writes memory and disks: whole kibibytes. */
function kibibytes(bytes: number): string {
  return canonicalQuantity(`${Math.floor(bytes / 1024)}Ki`)!
}

function bytesText(bytes: number): string {
  return bytes === 0 ? '0' : kibibytes(bytes)
}
