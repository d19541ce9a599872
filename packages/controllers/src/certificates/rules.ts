// What the kubernetes.io signers accept (Kubernetes' documentation of certificate signing requests).

import type { KubeObject } from '@brume/api/object'
import type { CertificateRequest } from './request.ts'

export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'
export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet'
export const KUBELET_SERVING_SIGNER = 'kubernetes.io/kubelet-serving'

const NODE_PREFIX = 'system:node:'
const CLIENT_USAGES = ['client auth', 'digital signature', 'key encipherment']
const SERVING_USAGES = ['digital signature', 'key encipherment', 'server auth']

/** Why the signer refuses the request; undefined: it would sign it, or it is not one of these signers. */
export function refusal(signer: string, request: CertificateRequest, usages: string[]): string | undefined {
  switch (signer) {
    case CLIENT_SIGNER: {
      const allowed = usages.every((usage) => CLIENT_USAGES.includes(usage))
      return allowed && usages.includes('client auth') ? undefined : usageText(CLIENT_USAGES)
    }
    case KUBELET_CLIENT_SIGNER:
      return clientRefusal(request, usages)
    case KUBELET_SERVING_SIGNER:
      return servingRefusal(request, usages)
    default:
      return undefined
  }
}

function clientRefusal(request: CertificateRequest, usages: string[]): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes'
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  if (!request.commonName.startsWith(NODE_PREFIX)) {
    return `subject common name does not begin with ${NODE_PREFIX}`
  }
  return sameUsages(usages, CLIENT_USAGES) ? undefined : usageText(CLIENT_USAGES)
}

function servingRefusal(request: CertificateRequest, usages: string[]): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes'
  if (request.dnsNames.length === 0 && request.ipAddresses.length === 0) {
    return 'DNS or IP subjectAltName is required'
  }
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  if (!sameUsages(usages, SERVING_USAGES)) return usageText(SERVING_USAGES)
  if (request.commonName.startsWith(NODE_PREFIX)) return undefined
  return `subject common name does not begin with ${NODE_PREFIX}`
}

function isOfNodes({ organizations }: CertificateRequest): boolean {
  return organizations.length === 1 && organizations[0] === 'system:nodes'
}

/** Key encipherment is for RSA keys only, so it may be left out. */
function sameUsages(usages: string[], wanted: string[]): boolean {
  const rest = new Set(usages)
  rest.delete('key encipherment')
  return rest.size === wanted.length - 1 && wanted.every((u) => u === 'key encipherment' || rest.has(u))
}

function usageText(wanted: string[]): string {
  return `usages did not match [${wanted.join(' ')}]`
}

export function hasCondition(request: KubeObject, type: 'Approved' | 'Denied' | 'Failed'): boolean {
  return (request.status?.conditions ?? []).some((condition: { type: string }) => condition.type === type)
}
