// What a node may do with pods: mirror its own static pods, delete and evict those bound to it, report their status.

import type { KubeObject } from '@brume/api/object'
import { notFound } from '@brume/base/errors'
import { deepEqual } from '@brume/base/values'
import { podReferences } from '../auth/authorizers/pod-references.ts'
import type { ObjectReader } from '../registry/reader.ts'
import { isMirrorPod, type Json, MIRROR_ANNOTATION, quoted } from './request.ts'
import type { AdmissionRequest } from './types.ts'

/** Why the node may not; undefined: it may. Throws NotFound for a pod or node that is gone. */
export function nodePodViolation(
  request: AdmissionRequest,
  nodeName: string,
  reader: ObjectReader,
): string | undefined {
  const { operation, subresource } = request
  const node = `node ${quoted(nodeName)}`
  switch (subresource) {
    case '':
      if (operation === 'CREATE') return createViolation(request.object!, nodeName, reader)
      if (operation === 'DELETE') {
        const isOwn = boundNode(request, reader) === nodeName
        return isOwn ? undefined : `${node} can only delete pods with spec.nodeName set to itself`
      }
      return `unexpected operation ${quoted(operation)}, ${node} can only create and delete mirror pods`
    case 'status':
      if (operation !== 'UPDATE') return `unexpected operation ${quoted(operation)}`
      return statusViolation(request, nodeName)
    case 'eviction': {
      const isOwn = boundNode(request, reader) === nodeName
      return isOwn ? undefined : `node ${nodeName} can only evict pods with spec.nodeName set to itself`
    }
    default:
      return `unexpected pod subresource ${quoted(subresource)}, only 'status' and 'eviction' are allowed`
  }
}

function createViolation(pod: KubeObject, nodeName: string, reader: ObjectReader): string | undefined {
  const node = `node ${quoted(nodeName)}`
  const spec: Json = pod['spec']
  if (!isMirrorPod(pod)) {
    return `pod does not have ${quoted(MIRROR_ANNOTATION)} annotation, ${node} can only create mirror pods`
  }
  if (spec.nodeName !== nodeName) return `${node} can only create pods with spec.nodeName set to itself`
  const owner = ownerViolation(pod, nodeName, reader)
  if (owner !== undefined) return owner
  if (spec.serviceAccountName) return `${node} can not create pods that reference a service account`
  const { secrets, configMaps, claims } = podReferences(pod)
  if (secrets.size > 0) return `${node} can not create pods that reference secrets`
  if (configMaps.size > 0) return `${node} can not create pods that reference configmaps`
  const sources = (spec.volumes ?? []).flatMap((volume: Json) => volume.projected?.sources ?? [])
  if (sources.some((source: Json) => source.clusterTrustBundle !== undefined)) {
    return `${node} can not create pods that reference clustertrustbundles`
  }
  return claims.size > 0 ? `${node} can not create pods that reference persistentvolumeclaims` : undefined
}

function ownerViolation(pod: KubeObject, nodeName: string, reader: ObjectReader): string | undefined {
  const node = `node ${quoted(nodeName)}`
  const [owner, ...more] = pod.metadata.ownerReferences ?? []
  if (more.length > 0) return `${node} can only create pods with a single owner reference set to itself`
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== nodeName) {
    return `${node} can only create pods with an owner reference set to itself`
  }
  if (owner.controller !== true) {
    return `${node} can only create pods with a controller owner reference set to itself`
  }
  if (owner.blockOwnerDeletion === true)
    return `${node} must not set blockOwnerDeletion on an owner reference`
  const own = reader.get('', 'nodes', '', nodeName)
  if (own === undefined) throw notFound({ group: '', resource: 'nodes', name: nodeName })
  if (owner.uid === own.metadata.uid) return undefined
  return `node ${nodeName} UID mismatch: expected ${owner.uid} got ${own.metadata.uid}`
}

function statusViolation({ object, oldObject }: AdmissionRequest, nodeName: string): string | undefined {
  const node = `node ${quoted(nodeName)}`
  if (oldObject?.['spec']?.nodeName !== nodeName) {
    return `${node} can only update pod status for pods with spec.nodeName set to itself`
  }
  if (!deepEqual(object?.metadata.labels ?? {}, oldObject.metadata.labels ?? {})) {
    return `${node} cannot update labels through pod status`
  }
  const claims = (pod: Json) => pod?.status?.resourceClaimStatuses ?? []
  return deepEqual(claims(object), claims(oldObject))
    ? undefined
    : `${node} cannot update resource claim statues`
}

function boundNode({ namespace, name, oldObject }: AdmissionRequest, reader: ObjectReader): string {
  const pod = oldObject ?? reader.get('', 'pods', namespace, name)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name })
  return pod['spec']?.nodeName ?? ''
}
