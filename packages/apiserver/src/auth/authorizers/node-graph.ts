// Which objects concern a node: those that the pods bound to it refer to. Built when the first node asks, then kept
// up to date by the changes of pods; what hangs off claims and volumes is looked up when asked.

import type { KubeObject } from '@brume/api/object'
import type { ObjectReader } from '../../registry/reader.ts'
import { type PodReferences, podReferences } from './pod-references.ts'

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'
const NO_REFERENCES: PodReferences = {
  secrets: new Set(),
  configMaps: new Set(),
  claims: new Set(),
  serviceAccount: '',
}

export interface ObjectOfNode {
  resource: string
  namespace: string
  name: string
}

export interface NodeGraph {
  concerns(nodeName: string, object: ObjectOfNode): boolean
  close(): void
}

interface BoundPod extends PodReferences {
  namespace: string
  name: string
}

export function createNodeGraph(reader: ObjectReader): NodeGraph {
  /** Node -> namespace/name -> what the pod refers to; undefined until the first question. */
  let byNode: Map<string, Map<string, BoundPod>> | undefined
  const stop = reader.onChange('', 'pods', ({ type, object, previous }) => {
    if (byNode === undefined) return
    const [before, now] = [nodeOf(previous), type === 'delete' ? '' : nodeOf(object)]
    const isSame = before === now && previous?.metadata.uid === object.metadata.uid
    if (isSame && now !== '') return
    if (before !== '') byNode.get(before)?.delete(keyOf(object))
    if (type === 'delete' && nodeOf(object) !== '') byNode.get(nodeOf(object))?.delete(keyOf(object))
    if (now !== '') add(byNode, now, object)
  })

  function podsOf(nodeName: string): Iterable<BoundPod> {
    if (byNode === undefined) {
      byNode = new Map()
      for (const pod of reader.list('', 'pods', '')) {
        if (nodeOf(pod) !== '') add(byNode, nodeOf(pod), pod)
      }
    }
    return byNode.get(nodeName)?.values() ?? []
  }

  function usesClaim(nodeName: string, namespace: string, name: string): boolean {
    for (const pod of podsOf(nodeName)) {
      if (pod.namespace === namespace && pod.claims.has(name)) return true
    }
    return false
  }

  function usesVolume(nodeName: string, volume: KubeObject | undefined): boolean {
    const claim = volume?.['spec']?.claimRef
    return claim !== undefined && usesClaim(nodeName, claim.namespace ?? '', claim.name ?? '')
  }

  /** Secrets that a volume in use names: those of CSI drivers and of the older kinds of volume. */
  function volumeUsesSecret(nodeName: string, { namespace, name }: ObjectOfNode): boolean {
    for (const pod of podsOf(nodeName)) {
      for (const claimName of pod.claims) {
        const claim = reader.get('', 'persistentvolumeclaims', pod.namespace, claimName)
        const volume = reader.get('', 'persistentvolumes', '', claim?.['spec']?.volumeName ?? '')
        if (volume === undefined || !usesVolume(nodeName, volume)) continue
        if (
          secretsOfVolume(volume, pod.namespace).some(
            (ref) => ref.namespace === namespace && ref.name === name,
          )
        ) {
          return true
        }
      }
    }
    return false
  }

  function concerns(nodeName: string, object: ObjectOfNode): boolean {
    const { resource, namespace, name } = object
    switch (resource) {
      case 'persistentvolumes':
        return usesVolume(nodeName, reader.get('', 'persistentvolumes', '', name))
      case 'volumeattachments':
        return reader.get('storage.k8s.io', resource, '', name)?.['spec']?.nodeName === nodeName
      case 'persistentvolumeclaims':
        return usesClaim(nodeName, namespace, name)
      case 'secrets':
      case 'configmaps':
      case 'serviceaccounts':
      case 'pods':
        for (const pod of podsOf(nodeName)) {
          if (pod.namespace === namespace && refersTo(pod, resource, name)) return true
        }
        return resource === 'secrets' && volumeUsesSecret(nodeName, object)
      default:
        return false
    }
  }

  return { concerns, close: stop }
}

function refersTo(pod: BoundPod, resource: string, name: string): boolean {
  if (resource === 'secrets') return pod.secrets.has(name)
  if (resource === 'configmaps') return pod.configMaps.has(name)
  return resource === 'serviceaccounts' ? pod.serviceAccount === name : pod.name === name
}

function add(byNode: Map<string, Map<string, BoundPod>>, nodeName: string, pod: KubeObject): void {
  const pods = byNode.get(nodeName) ?? new Map<string, BoundPod>()
  // A mirror pod is the node's own doing: it must not open anything to the node.
  const isMirror = pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined
  const references = isMirror ? NO_REFERENCES : podReferences(pod)
  const { namespace = '', name = '' } = pod.metadata
  pods.set(keyOf(pod), { ...references, namespace, name })
  byNode.set(nodeName, pods)
}

function secretsOfVolume(volume: KubeObject, claimNamespace: string): { namespace: string; name: string }[] {
  const spec = volume['spec'] ?? {}
  const found: { namespace: string; name: string }[] = []
  const addRef = (ref: { namespace?: string; name?: string } | undefined) => {
    if (ref?.name) found.push({ namespace: ref.namespace ?? claimNamespace, name: ref.name })
  }
  for (const source of ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos']) {
    addRef(spec[source]?.secretRef)
  }
  const { azureFile, csi } = spec
  addRef(azureFile && { namespace: azureFile.secretNamespace ?? claimNamespace, name: azureFile.secretName })
  for (const field of ['nodePublishSecretRef', 'nodeStageSecretRef', 'nodeExpandSecretRef'])
    addRef(csi?.[field])
  return found
}

function nodeOf(pod: KubeObject | undefined): string {
  return pod?.['spec']?.nodeName ?? ''
}

function keyOf(pod: KubeObject): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`
}
