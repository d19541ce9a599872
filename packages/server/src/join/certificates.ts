// The two certificates of a node that is not on the control plane's machine: one with which it asks the API server, one
// with which it answers it. Kept in its directory, asked for by certificate requests, renewed in time.

import { randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildCertificateRequest, dnsName } from '@brume/apiserver/auth/pki/build-request'
import { newEcKeyPair } from '@brume/apiserver/auth/pki/keys'
import type { Clock } from '@brume/base/clock'
import { CERTIFICATE_SIGNING_REQUESTS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { UserError } from '../user-error.ts'
import { writeAtomically } from '../write-atomically.ts'

export interface NodeCertificate {
  certificatePem: string
  keyPem: string
}

export type CertificateUse = 'client' | 'serving'

const SIGNERS: Record<CertificateUse, { name: string; usages: string[] }> = {
  client: {
    name: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['digital signature', 'client auth'],
  },
  serving: { name: 'kubernetes.io/kubelet-serving', usages: ['digital signature', 'server auth'] },
}
/** A certificate is renewed when less than this part of its life is left. */
const RENEW_BELOW = 1 / 4
const LIMIT_MS = 60_000
const POLL_MS = 500

/** `DIR/client.crt` and so on. */
export function certificatePaths(dir: string, use: CertificateUse): { certificate: string; key: string } {
  const name = use === 'client' ? 'node' : 'serving'
  return { certificate: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) }
}

/** What the directory holds while it is good for a while. */
export function keptCertificate(dir: string, use: CertificateUse, now: number): NodeCertificate | undefined {
  const { certificate, key } = certificatePaths(dir, use)
  if (!existsSync(certificate) || !existsSync(key)) return undefined
  const certificatePem = readFileSync(certificate, 'utf8')
  const { validFrom, validTo } = new X509Certificate(certificatePem)
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)]
  if (now > to - (to - from) * RENEW_BELOW) return undefined
  return { certificatePem, keyPem: readFileSync(key, 'utf8') }
}

/** There is one of the node itself that is still good, be it for a moment. */
export function hasCertificate(dir: string, now: number): boolean {
  const { certificate, key } = certificatePaths(dir, 'client')
  if (!existsSync(certificate) || !existsSync(key)) return false
  return now <= Date.parse(new X509Certificate(readFileSync(certificate)).validTo)
}

/** Asks for a new one as whoever `client` is. Throws UserError when nobody grants it in time. */
export async function requestCertificate(
  client: Client,
  { dir, use, nodeName, clock }: { dir: string; use: CertificateUse; nodeName: string; clock: Clock },
): Promise<NodeCertificate> {
  const pair = await newEcKeyPair()
  const subject = { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] }
  const request = buildCertificateRequest(pair, subject, use === 'serving' ? [dnsName(nodeName)] : [])
  const { name: signerName, usages } = SIGNERS[use]
  const requests = client.resource(CERTIFICATE_SIGNING_REQUESTS)
  const name = `node-${use}-${randomBytes(6).toString('hex')}`
  await requests.create({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { signerName, usages, request: Buffer.from(request).toString('base64') },
  })
  const limit = clock.now() + LIMIT_MS
  while (clock.now() < limit) {
    const { status } = await requests.get({ name })
    if (status?.['certificate'] !== undefined) {
      const certificatePem = Buffer.from(String(status['certificate']), 'base64').toString()
      const keyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
      keep(dir, use, { certificatePem, keyPem })
      return { certificatePem, keyPem }
    }
    const refused = (status?.['conditions'] ?? []).find(({ type }: { type: string }) => type !== 'Approved')
    if (refused !== undefined) {
      throw new UserError(
        `the certificate of ${nodeName} was refused: ${refused.message}`,
        `kubectl describe csr ${name}`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new UserError(
    `nobody granted the certificate of ${nodeName} within ${LIMIT_MS / 1000} s`,
    `kubectl certificate approve ${name}   (on a machine with an administrator's kubeconfig), then run this again`,
  )
}

function keep(dir: string, use: CertificateUse, { certificatePem, keyPem }: NodeCertificate): void {
  const paths = certificatePaths(dir, use)
  for (const [path, text] of [
    [paths.key, keyPem],
    [paths.certificate, certificatePem],
  ] as const) {
    writeAtomically(path, text)
  }
}
