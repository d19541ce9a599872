// The built-in signers of certificates.k8s.io: what each of them signs, in Kubernetes' words where it refuses.

import { BACKDATE_MS, buildCertificate, type ExtKeyUsage, type KeyUsage } from './certificate.ts'
import { type CertificateRequest, parseCertificateRequest } from './certificate-request.ts'
import type { Pki } from './ensure.ts'

export type SignerName =
  | 'kubernetes.io/kube-apiserver-client'
  | 'kubernetes.io/kube-apiserver-client-kubelet'
  | 'kubernetes.io/kubelet-serving'

/** The certificate ends this late whatever was asked for. */
const MAX_TTL_SECONDS = 365 * 24 * 3600
const NODE_PREFIX = 'system:node:'
const NODES = 'system:nodes'

/** The request is one that the signer must not sign; the message is the reason of the condition `Failed`. */
export class SignerRefusal extends Error {
  override name = 'SignerRefusal'
  readonly retryable = false
}

export interface SigningRequest {
  /** PEM: spec.request, decoded from base64. */
  csrPem: string
  signerName: SignerName
  /** spec.usages */
  usages: readonly string[]
  /** spec.expirationSeconds; absent: a year. */
  ttlSeconds?: number
}

export function isBuiltinSigner(name: string): name is SignerName {
  return Object.hasOwn(RULES, name)
}

/** PEM of the certificate. Throws SignerRefusal. */
export function signCertificateRequest(pki: Pki, request: SigningRequest): string {
  const { csrPem, signerName, usages, ttlSeconds = MAX_TTL_SECONDS } = request
  const parsed = parseCertificateRequest(csrPem)
  if (parsed === undefined)
    throw new SignerRefusal('unable to parse csr: it is not a signed certificate request in PEM form')
  const refusal = RULES[signerName](parsed, usages)
  if (refusal !== undefined) throw new SignerRefusal(refusal)
  const now = pki.clock.now()
  const end = now + Math.min(ttlSeconds, MAX_TTL_SECONDS) * 1000
  return buildCertificate({
    subject: parsed.subject,
    issuer: { subject: pki.ca.subject, key: pki.ca.privateKey },
    publicKey: parsed.publicKey,
    isCa: false,
    keyUsages: usages.filter((usage): usage is KeyUsage => Object.hasOwn(KEY_USAGES, usage)),
    extKeyUsages: usages.filter(
      (usage): usage is ExtKeyUsage => usage === 'client auth' || usage === 'server auth',
    ),
    altNames: parsed.altNames,
    notBefore: now - BACKDATE_MS,
    notAfter: Math.min(end, pki.ca.certificate.validToDate.getTime()),
  })
}

const KEY_USAGES = { 'digital signature': true, 'key encipherment': true }

type Rule = (request: CertificateRequest, usages: readonly string[]) => string | undefined

const RULES: Record<SignerName, Rule> = {
  'kubernetes.io/kube-apiserver-client': (request, usages) => {
    const known = ['digital signature', 'key encipherment', 'client auth']
    if (!usages.includes('client auth') || usages.some((usage) => !known.includes(usage))) {
      return 'unexpected usages'
    }
    return request.altNames.emailAddresses.length + request.altNames.uris.length === 0
      ? undefined
      : 'Email and URI subjectAltNames are not signed here'
  },
  'kubernetes.io/kube-apiserver-client-kubelet': validateNodeClientRequest,
  'kubernetes.io/kubelet-serving': validateNodeServingRequest,
}

/** Why a request is not one for a node's client certificate; undefined: it is. Also for the automatic approval. */
export function validateNodeClientRequest(
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  const { dnsNames, ipAddresses, emailAddresses, uris } = request.altNames
  const subject = nodeSubject(request)
  if (subject !== undefined) return subject
  if (dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (ipAddresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (uris.length > 0) return 'URI subjectAltNames are not allowed'
  return exactUsages(usages, 'client auth')
}

export function validateNodeServingRequest(
  request: CertificateRequest,
  usages: readonly string[],
): string | undefined {
  const { dnsNames, ipAddresses, emailAddresses, uris } = request.altNames
  const subject = nodeSubject(request)
  if (subject !== undefined) return subject
  if (dnsNames.length + ipAddresses.length === 0) return 'DNS or IP subjectAltName is required'
  if (emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (uris.length > 0) return 'URI subjectAltNames are not allowed'
  return exactUsages(usages, 'server auth')
}

function nodeSubject({ subject }: CertificateRequest): string | undefined {
  if (subject.organizations.length !== 1 || subject.organizations[0] !== NODES) {
    return 'subject organization is not system:nodes'
  }
  const isNode = subject.commonName.startsWith(NODE_PREFIX) && subject.commonName.length > NODE_PREFIX.length
  return isNode ? undefined : 'subject common name does not begin with system:node: '
}

/** Digital signature and that purpose; key encipherment too or not. */
function exactUsages(usages: readonly string[], purpose: string): string | undefined {
  const given = new Set(usages)
  given.delete('key encipherment')
  const isExact = given.size === 2 && given.has('digital signature') && given.has(purpose)
  return isExact ? undefined : `usages did not match [digital signature ${purpose}]`
}
