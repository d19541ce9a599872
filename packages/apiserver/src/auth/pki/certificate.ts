// Writes X.509 v3 certificates (RFC 5280) signed by our CA, and reads the subject of presented ones.

import {
  createHash,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  type X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'
import {
  bitString,
  boolean,
  children,
  context,
  element,
  expectAt,
  integer,
  octetString,
  oid,
  readOne,
  sequence,
  TAG,
  time,
} from './der.ts'
import { decodeName, encodeName, type SubjectName } from './name.ts'

/** Clocks of other machines may be this far behind ours. */
export const BACKDATE_MS = 5 * 60_000

const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
}

export const EXT_KEY_USAGE = {
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
} as const

/** Bit positions of KeyUsage, by Kubernetes' names. */
export const KEY_USAGE_BIT = {
  'digital signature': 0,
  'key encipherment': 2,
  'cert sign': 5,
  'crl sign': 6,
} as const

export type KeyUsage = keyof typeof KEY_USAGE_BIT
export type ExtKeyUsage = keyof typeof EXT_KEY_USAGE

export interface SubjectAltNames {
  dnsNames: readonly string[]
  ipAddresses: readonly string[]
}

export interface CertificateAuthority {
  certificate: X509Certificate
  certificatePem: string
  subject: SubjectName
  privateKey: KeyObject
}

export interface CertificateSpec {
  subject: SubjectName
  issuer: { subject: SubjectName; key: KeyObject }
  publicKey: KeyObject
  isCa: boolean
  keyUsages: readonly KeyUsage[]
  extKeyUsages: readonly ExtKeyUsage[]
  altNames?: SubjectAltNames
  /** Milliseconds since the epoch. */
  notBefore: number
  notAfter: number
}

/** PEM of a new certificate with a random serial number. */
export function buildCertificate(spec: CertificateSpec): string {
  const algorithm = signatureAlgorithm(spec.issuer.key)
  const body = sequence(
    context(0, true, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    encodeName(spec.issuer.subject),
    sequence(time(spec.notBefore), time(spec.notAfter)),
    encodeName(spec.subject),
    spec.publicKey.export({ type: 'spki', format: 'der' }),
    context(3, true, sequence(...extensions(spec))),
  )
  const signature = sign('sha256', body, spec.issuer.key)
  return pem('CERTIFICATE', sequence(body, algorithm, bitString(signature)))
}

/** Subject of a DER certificate. Throws DerError. */
export function certificateSubject(der: Buffer): SubjectName {
  const [body] = children(readOne(der))
  const fields = children(expectAt([body!], 0, TAG.sequence))
  const versioned = fields[0]?.tag === 0xa0 ? 1 : 0
  return decodeName(expectAt(fields, versioned + 4, TAG.sequence))
}

export function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** SHA-1 of the key's bits (RFC 5280, 4.2.1.2, method 1). */
export function subjectKeyId(publicKey: KeyObject): Buffer {
  const spki = children(readOne(publicKey.export({ type: 'spki', format: 'der' })))
  return createHash('sha1')
    .update(expectAt(spki, 1, TAG.bitString).content.subarray(1))
    .digest()
}

function extensions(spec: CertificateSpec): Buffer[] {
  const issuerKey = createPublicKey(spec.issuer.key)
  const all = [
    // Without a usage the extension is left out: an empty one would forbid every use.
    ...(spec.keyUsages.length === 0
      ? []
      : [extension(EXTENSION.keyUsage, true, keyUsageBits(spec.keyUsages))]),
    extension(EXTENSION.basicConstraints, true, spec.isCa ? sequence(boolean(true)) : sequence()),
    extension(EXTENSION.authorityKeyId, false, sequence(context(0, false, subjectKeyId(issuerKey)))),
  ]
  if (spec.isCa) {
    all.push(extension(EXTENSION.subjectKeyId, false, octetString(subjectKeyId(spec.publicKey))))
  }
  if (spec.extKeyUsages.length > 0) {
    const usages = spec.extKeyUsages.map((usage) => oid(EXT_KEY_USAGE[usage]))
    all.push(extension(EXTENSION.extKeyUsage, false, sequence(...usages)))
  }
  const names = altNames(spec.altNames ?? { dnsNames: [], ipAddresses: [] })
  if (names.length > 0) all.push(extension(EXTENSION.subjectAltName, false, sequence(...names)))
  return all
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value))
}

function keyUsageBits(usages: readonly KeyUsage[]): Buffer {
  let bits = 0
  for (const usage of usages) bits |= 0x80 >> KEY_USAGE_BIT[usage]
  let unused = 0
  while (unused < 7 && ((bits >> unused) & 1) === 0) unused++
  return bitString(Buffer.from([bits]), unused)
}

function altNames({ dnsNames, ipAddresses }: SubjectAltNames): Buffer[] {
  return [
    ...dnsNames.map((name) => element(0x82, Buffer.from(name, 'latin1'))),
    ...ipAddresses.map((address) => element(0x87, addressBytes(address))),
  ]
}

/** 4 or 16 bytes of an IP address in its text form. */
export function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const groups = (text: string) =>
    text
      .split(':')
      .filter((group) => group !== '')
      .flatMap(groupBytes)
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  return Buffer.from([...left, ...Array<number>(16 - left.length - right.length).fill(0), ...right])
}

function groupBytes(group: string): number[] {
  if (group.includes('.')) return group.split('.').map(Number)
  const value = Number.parseInt(group, 16)
  return [value >> 8, value & 0xff]
}

function signatureAlgorithm(key: KeyObject): Buffer {
  if (key.asymmetricKeyType === 'rsa') {
    return sequence(oid('1.2.840.113549.1.1.11'), element(TAG.null))
  }
  return sequence(oid('1.2.840.10045.4.3.2'))
}

function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes
}
