// Nodes and pods for tests and benchmarks of placement.

import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { type Placed, place, type Refused } from './place.ts'
import { type Json, podInfoOf } from './pod-info.ts'
import { Snapshot, type SnapshotOptions } from './snapshot.ts'

export interface NodeOptions {
  labels?: Record<string, string>
  cpu?: string
  memory?: string
  pods?: string
  more?: Record<string, string>
  taints?: Json[]
  cordoned?: boolean
  images?: Json[]
}

export function node(name: string, options: NodeOptions = {}): KubeObject {
  const { labels, cpu = '4', memory = '8Gi', pods = '110', more, taints, cordoned, images } = options
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `uid-${name}`, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...(taints && { taints }), ...(cordoned && { unschedulable: true }) },
    status: { allocatable: { cpu, memory, pods, ...more }, ...(images && { images }) },
  }
}

export interface PodOptions {
  namespace?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  requests?: Record<string, string>
  owner?: string
  spec?: Json
  status?: Json
}

export function pod(name: string, options: PodOptions = {}): KubeObject {
  const { namespace = 'ns', labels, annotations, requests, owner, spec, status } = options
  const ownerReferences = owner && [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true },
  ]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      uid: `uid-${namespace}-${name}`,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(ownerReferences && { ownerReferences }),
    },
    spec: {
      containers: [{ name: 'main', image: 'app:1', resources: { ...(requests && { requests }) } }],
      ...spec,
    },
    ...(status && { status }),
  }
}

export interface ClusterOptions extends SnapshotOptions {
  nodes: readonly KubeObject[]
  /** By node name. */
  pods?: Record<string, readonly KubeObject[]>
}

export function cluster({ nodes, pods = {}, ...options }: ClusterOptions): Snapshot {
  const snapshot = new Snapshot(options)
  for (const object of nodes) snapshot.putNode(object)
  for (const [name, list] of Object.entries(pods)) for (const object of list) snapshot.putPod(object, name)
  return snapshot
}

export function placeOn(snapshot: Snapshot, object: KubeObject, seed = 1): Placed | Refused {
  return place(podInfoOf(object), snapshot, { random: seededRandom(seed) })
}
