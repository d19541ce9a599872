// Approves the certificates of joining and renewing nodes, when whoever asks is allowed to have them.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { CERTIFICATE_SIGNING_REQUESTS, SUBJECT_ACCESS_REVIEWS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import type { Dependencies } from '../dependencies.ts'
import { type CertificateRequest, parseRequest } from './request.ts'
import { hasCondition, KUBELET_CLIENT_SIGNER, KUBELET_SERVING_SIGNER, refusal } from './rules.ts'

/** Subresources of certificatesigningrequests that only serve as names of permissions. */
export type NodePermission = 'selfnodeclient' | 'nodeclient' | 'selfnodeserver'

export interface ObservedRequest {
  request: KubeObject
  /** Of those that the request calls for, the ones that the requester has. */
  granted: readonly NodePermission[]
}

export interface ApproveRequest {
  type: 'approve'
  request: KubeObject
}

const MESSAGES: Record<NodePermission, string> = {
  selfnodeclient: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  nodeclient: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  selfnodeserver: 'Auto approving self kubelet server certificate after SubjectAccessReview.',
}

export function certificateApprover({ client, informers }: Dependencies): ControllerSpec {
  const requests = informers.for(CERTIFICATE_SIGNING_REQUESTS)
  return defineController<ObservedRequest, ApproveRequest>({
    name: 'csr-approver',
    sources: [fromInformer(requests)],
    async observe(name) {
      const request = requests.store.get('', name)
      if (request === undefined || !isUndecided(request)) return undefined
      const parsed = parseRequest(request.spec?.request ?? '')
      const granted: NodePermission[] = []
      for (const permission of parsed === undefined ? [] : calledFor(request, parsed)) {
        if (await isAllowed(client, request, permission)) granted.push(permission)
      }
      return { request, granted }
    },
    decide: decideApproval,
    async act({ request }) {
      const { name } = request.metadata
      await client
        .resource(CERTIFICATE_SIGNING_REQUESTS)
        .updateSubresource({ name: name! }, 'approval', request)
    },
  })
}

export function decideApproval({ request, granted }: ObservedRequest, now: number): Plan<ApproveRequest> {
  const permission = granted[0]
  if (permission === undefined || !isUndecided(request)) return { actions: [] }
  const time = formatTime(now)
  const condition = {
    type: 'Approved',
    status: 'True',
    reason: 'AutoApproved',
    message: MESSAGES[permission],
    lastUpdateTime: time,
    lastTransitionTime: time,
  }
  const conditions = [...(request.status?.conditions ?? []), condition]
  return {
    actions: [{ type: 'approve', request: { ...request, status: { ...request.status, conditions } } }],
  }
}

/** Which permissions would let this request be approved, the narrower first. */
export function calledFor(request: KubeObject, parsed: CertificateRequest): NodePermission[] {
  const { signerName, usages, username } = request.spec
  if (signerName !== KUBELET_CLIENT_SIGNER && signerName !== KUBELET_SERVING_SIGNER) return []
  if (refusal(signerName, parsed, usages ?? []) !== undefined) return []
  if (signerName === KUBELET_SERVING_SIGNER) {
    return username === parsed.commonName && isNamedAsItself(parsed) ? ['selfnodeserver'] : []
  }
  return username === parsed.commonName ? ['selfnodeclient', 'nodeclient'] : ['nodeclient']
}

/** A node serves under its own name alone: addresses and other names are for an administrator to approve. */
function isNamedAsItself({ commonName, dnsNames, ipAddresses }: CertificateRequest): boolean {
  const [name] = dnsNames
  return dnsNames.length === 1 && ipAddresses.length === 0 && commonName === `system:node:${name}`
}

function isUndecided(request: KubeObject): boolean {
  return (
    !request.status?.certificate && !hasCondition(request, 'Approved') && !hasCondition(request, 'Denied')
  )
}

async function isAllowed(
  client: Client,
  { spec }: KubeObject,
  subresource: NodePermission,
): Promise<boolean> {
  const review = await client.resource(SUBJECT_ACCESS_REVIEWS).create({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      user: spec.username,
      uid: spec.uid,
      groups: spec.groups,
      extra: spec.extra,
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        verb: 'create',
        subresource,
      },
    },
  })
  return review.status?.allowed === true
}
