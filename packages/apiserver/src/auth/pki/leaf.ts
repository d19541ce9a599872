// A certificate of our own CA with its key, kept in PATH.crt and PATH.key, renewed when it has to be.

import { X509Certificate } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Clock } from '@brume/base/clock'
import {
  addressBytes,
  BACKDATE_MS,
  buildCertificate,
  type CertificateAuthority,
  type ExtKeyUsage,
  type SubjectAltNames,
} from './certificate.ts'
import { readText, writeText } from './files.ts'
import { newEcKeyPair, parsePrivateKey } from './keys.ts'
import type { SubjectName } from './name.ts'

/** A certificate is renewed when less than this part of its life is left. */
const RENEW_BELOW = 1 / 4

const SERVICE_NAMES = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]
const SERVICE_ADDRESSES = ['127.0.0.1', '::1', '10.96.0.1']

export interface Leaf {
  certificatePem: string
  privateKeyPem: string
  /** Milliseconds since the epoch. */
  notAfter: number
}

export interface LeafSpec {
  ca: CertificateAuthority
  clock: Clock
  /** Without `.crt` and `.key`. */
  path: string
  subject: SubjectName
  extKeyUsages: readonly ExtKeyUsage[]
  altNames?: SubjectAltNames
  lifetimeMs: number
}

/** Names and addresses by which the API is reached: its Service's, localhost and `hosts`; each once, sorted. */
export function serverAltNames(hosts: readonly string[]): SubjectAltNames {
  const addresses = new Map<string, string>()
  const names = new Set(SERVICE_NAMES)
  for (const host of [...SERVICE_ADDRESSES, ...hosts]) {
    if (isIP(host) === 0) names.add(host.toLowerCase())
    else addresses.set(addressBytes(host).toString('hex'), host)
  }
  const byBytes = [...addresses].sort(([a], [b]) => (a < b ? -1 : 1))
  return { dnsNames: [...names].sort(), ipAddresses: byBytes.map(([, address]) => address) }
}

/** What the files hold while it is good; otherwise a new certificate with a new key, written to them. */
export async function ensureLeaf(spec: LeafSpec): Promise<Leaf> {
  const [certificatePem, privateKeyPem] = await Promise.all([
    readText(`${spec.path}.crt`),
    readText(`${spec.path}.key`),
  ])
  if (certificatePem !== undefined && privateKeyPem !== undefined) {
    const notAfter = usableUntil(spec, certificatePem, privateKeyPem)
    if (notAfter !== undefined) {
      await chmod(`${spec.path}.key`, 0o600)
      return { certificatePem, privateKeyPem, notAfter }
    }
  }
  const leaf = await issueLeaf(spec)
  await writeText(`${spec.path}.key`, leaf.privateKeyPem, 0o600)
  await writeText(`${spec.path}.crt`, leaf.certificatePem, 0o644)
  return leaf
}

/** A new key and certificate; nothing is written. The CA's own end bounds the life of what it signs. */
export async function issueLeaf(spec: Omit<LeafSpec, 'path'>): Promise<Leaf> {
  const pair = await newEcKeyPair()
  const now = spec.clock.now()
  const notAfter = Math.min(now + spec.lifetimeMs, spec.ca.certificate.validToDate.getTime())
  const certificatePem = buildCertificate({
    subject: spec.subject,
    issuer: { subject: spec.ca.subject, key: spec.ca.privateKey },
    publicKey: pair.publicKey,
    isCa: false,
    keyUsages: ['digital signature', 'key encipherment'],
    extKeyUsages: spec.extKeyUsages,
    ...(spec.altNames === undefined ? {} : { altNames: spec.altNames }),
    notBefore: now - BACKDATE_MS,
    notAfter,
  })
  return { certificatePem, privateKeyPem: pair.privatePem, notAfter }
}

function usableUntil(spec: LeafSpec, certificatePem: string, privateKeyPem: string): number | undefined {
  const pair = parsePrivateKey(privateKeyPem)
  if (pair === undefined) return undefined
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(certificatePem)
  } catch {
    return undefined
  }
  const { ca, clock, altNames } = spec
  const signed = certificate.checkPrivateKey(pair.privateKey) && certificate.verify(ca.certificate.publicKey)
  if (!signed) return undefined
  if (altNames !== undefined && !sameAltNames(certificate, altNames)) return undefined
  const notAfter = certificate.validToDate.getTime()
  const notBefore = certificate.validFromDate.getTime()
  return notAfter - clock.now() > (notAfter - notBefore) * RENEW_BELOW ? notAfter : undefined
}

function sameAltNames(certificate: X509Certificate, wanted: SubjectAltNames): boolean {
  const present = (certificate.subjectAltName ?? '').split(', ').map((entry) => {
    const address = /^IP Address:(.*)$/.exec(entry)?.[1]
    return address === undefined ? entry : `IP:${addressBytes(address).toString('hex')}`
  })
  const expected = [
    ...wanted.dnsNames.map((name) => `DNS:${name}`),
    ...wanted.ipAddresses.map((address) => `IP:${addressBytes(address).toString('hex')}`),
  ]
  return present.sort().join() === expected.sort().join()
}
