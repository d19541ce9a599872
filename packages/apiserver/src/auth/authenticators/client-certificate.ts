// Client certificates: the common name is the user, the organizations are the groups.

import { hash, X509Certificate } from 'node:crypto'
import type { Clock } from '@brume/base/clock'
import { nodeNameOf } from '../authorizers/node-identity.ts'
import { BACKDATE_MS, certificateSubject, EXT_KEY_USAGE } from '../pki/certificate.ts'
import type { Authenticator, UserInfo } from '../types.ts'
import type { RemovedNodes } from './removed-nodes.ts'
import { removedNode, unauthorized } from './unauthorized.ts'

/** Verdicts that are remembered; the least recently seen is forgotten first. */
const MAX_REMEMBERED = 4096
const ANY_EXT_KEY_USAGE = '2.5.29.37.0'

interface Verdict {
  user: UserInfo
  /** Of a node. */
  nodeName: string | undefined
  notBefore: number
  notAfter: number
}

/**
 * Accepts certificates that `ca` itself signed for client authentication. A node that was removed comes in with a
 * certificate of a later time only: it has to join again.
 */
export function clientCertificateAuthenticator(options: {
  ca: X509Certificate
  clock: Clock
  removed: RemovedNodes
}): Authenticator {
  const remembered = new Map<string, Verdict>()
  /** Of connections that go on: each has one buffer for all its requests. */
  const fingerprints = new WeakMap<Buffer, string>()
  return {
    authenticate({ clientCertificate: der }) {
      if (der === undefined) return undefined
      let fingerprint = fingerprints.get(der)
      if (fingerprint === undefined) {
        fingerprint = hash('sha256', der, 'hex')
        fingerprints.set(der, fingerprint)
      }
      let verdict = remembered.get(fingerprint)
      if (verdict === undefined) verdict = inspect(der, fingerprint, options.ca)
      else remembered.delete(fingerprint)
      remembered.set(fingerprint, verdict)
      if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!)
      const now = options.clock.now()
      if (now < verdict.notBefore) throw unauthorized('the client certificate is not valid yet')
      if (now > verdict.notAfter) throw unauthorized('the client certificate has expired')
      const { nodeName } = verdict
      const removedAt = nodeName === undefined ? undefined : options.removed.since(nodeName)
      if (removedAt !== undefined && issuedAt(verdict) <= removedAt) throw removedNode(nodeName!)
      return verdict.user
    },
  }
}

/** Our own signers date certificates back, for machines whose clocks are late. */
function issuedAt({ notBefore }: Verdict): number {
  return notBefore + BACKDATE_MS
}

function inspect(der: Buffer, fingerprint: string, ca: X509Certificate): Verdict {
  const { certificate, subject } = read(der)
  if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) {
    throw unauthorized('the client certificate was signed by an unknown authority')
  }
  // node:crypto calls the extended key usages keyUsage.
  const usages: readonly string[] | undefined = certificate.keyUsage
  const mayAuthenticate =
    usages === undefined ||
    usages.includes(EXT_KEY_USAGE['client auth']) ||
    usages.includes(ANY_EXT_KEY_USAGE)
  if (certificate.ca || !mayAuthenticate) {
    throw unauthorized('the certificate is not one for client authentication')
  }
  if (subject.commonName === '') throw unauthorized('the client certificate has no common name')
  const user = {
    name: subject.commonName,
    groups: subject.organizations,
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  }
  return {
    user,
    nodeName: nodeNameOf(user),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}

function read(der: Buffer) {
  try {
    return { certificate: new X509Certificate(der), subject: certificateSubject(der) }
  } catch (error) {
    throw unauthorized(`the client certificate cannot be read: ${String(error)}`)
  }
}
