// A node changes nothing but itself, its lease and the pods bound to it, and gets tokens for those alone. The words are
// Kubernetes'.

import { deepEqual } from '@brume/base/values'
import { nodeNameOf } from '../auth/authorizers/node-identity.ts'
import { parseCertificateRequest } from '../auth/pki/certificate-request.ts'
import type { ObjectReader } from '../registry/reader.ts'
import type { AdmissionDeps } from './deps.ts'
import { changedLabels, forbiddenLabels } from './node-labels.ts'
import { nodePodViolation } from './node-pods.ts'
import { nodeTokenViolation } from './node-tokens.ts'
import { forbid, type Json, quoted } from './request.ts'
import type { AdmissionPlugin, AdmissionRequest } from './types.ts'

const LEASE_NAMESPACE = 'kube-node-lease'

export function nodeRestriction({ reader }: Pick<AdmissionDeps, 'reader'>): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    validate(request) {
      const nodeName = nodeNameOf(request.user)
      if (nodeName === undefined) return
      if (nodeName === '') {
        throw forbid(request, `could not determine node from user ${quoted(request.user.name)}`)
      }
      const violation = check(request, nodeName, reader)
      if (violation !== undefined) throw forbid(request, violation)
    },
  }
}

function check(request: AdmissionRequest, nodeName: string, reader: ObjectReader): string | undefined {
  const { resource, subresource } = request
  switch (`${resource.group}/${resource.plural}`) {
    case '/pods':
      return nodePodViolation(request, nodeName, reader)
    case '/serviceaccounts':
      return nodeTokenViolation(request, nodeName, reader)
    case '/nodes':
      return nodeViolation(request, nodeName)
    case '/persistentvolumeclaims':
      return subresource === 'status' ? claimViolation(request, nodeName) : 'may only update PVC status'
    case 'coordination.k8s.io/leases':
      if (request.namespace !== LEASE_NAMESPACE) {
        return `can only access leases in the ${quoted(LEASE_NAMESPACE)} system namespace`
      }
      return ownName(request, nodeName, 'node lease')
    case 'storage.k8s.io/csinodes':
      return ownName(request, nodeName, 'CSINode')
    case 'certificates.k8s.io/certificatesigningrequests':
      return certificateViolation(request)
    default:
      return undefined
  }
}

function nodeViolation(request: AdmissionRequest, nodeName: string): string | undefined {
  const { operation, name, object, oldObject } = request
  if (name !== nodeName) return `node ${quoted(nodeName)} is not allowed to modify node ${quoted(name)}`
  const spec: Json = object?.['spec'] ?? {}
  const old: Json = oldObject?.['spec'] ?? {}
  if (operation === 'CREATE') {
    if (spec.configSource != null) {
      return `node ${quoted(nodeName)} is not allowed to create pods with a non-nil configSource`
    }
    const labels = forbiddenLabels(changedLabels(object?.metadata.labels, undefined))
    if (labels.length === 0) return undefined
    return `node ${quoted(nodeName)} is not allowed to set the following labels: ${labels.join(', ')}`
  }
  if (operation !== 'UPDATE') return undefined
  if (spec.configSource != null && !deepEqual(spec.configSource, old.configSource)) {
    return `node ${quoted(nodeName)} is not allowed to update configSource to a new non-nil configSource`
  }
  if (!deepEqual(spec.taints ?? [], old.taints ?? [])) {
    return `node ${quoted(nodeName)} is not allowed to modify taints`
  }
  const labels = forbiddenLabels(changedLabels(object?.metadata.labels, oldObject?.metadata.labels))
  return labels.length === 0 ? undefined : `is not allowed to modify labels: ${labels.join(', ')}`
}

const NODE_SIGNERS = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']

/** A node asks for certificates in its own name only. */
function certificateViolation({ operation, object, user }: AdmissionRequest): string | undefined {
  const spec: Json = object?.['spec'] ?? {}
  if (operation !== 'CREATE' || !NODE_SIGNERS.includes(spec.signerName)) return undefined
  const pem = Buffer.from(String(spec.request ?? ''), 'base64').toString('latin1')
  const parsed = parseCertificateRequest(pem)
  if (parsed === undefined) return 'unable to parse csr: it is not a certificate request in PEM form'
  return parsed.subject.commonName === user.name
    ? undefined
    : `can only create a node CSR with CN=${user.name}`
}

/** Fields of a claim's status that belong to its node. */
const NODE_CLAIM_FIELDS = ['capacity', 'conditions', 'allocatedResourceStatuses', 'allocatedResources']

function claimViolation(
  { operation, object, oldObject }: AdmissionRequest,
  nodeName: string,
): string | undefined {
  if (operation !== 'UPDATE') return `unexpected operation ${quoted(operation)}`
  const rest = (claim: Json) => {
    const { resourceVersion: _, managedFields: __, ...metadata } = claim.metadata
    const status = { ...claim.status }
    for (const field of NODE_CLAIM_FIELDS) delete status[field]
    return { spec: claim.spec, metadata, status }
  }
  if (deepEqual(rest(object), rest(oldObject))) return undefined
  return `node ${quoted(nodeName)} is not allowed to update fields other than status.capacity and status.conditions`
}

function ownName(
  { operation, name, object }: AdmissionRequest,
  nodeName: string,
  what: string,
): string | undefined {
  const own = operation === 'CREATE' ? object?.metadata.name : name
  if (own === nodeName) return undefined
  return `can only access ${what} with the same name as the requesting node`
}
