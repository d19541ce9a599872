// A certificate request (PKCS#10, RFC 2986) for a key of its own.

import { sign } from 'node:crypto'
import { pem } from './certificate.ts'
import { bitString, context, element, octetString, oid, sequence, set } from './der.ts'
import type { KeyPair } from './keys.ts'
import { encodeName, type SubjectName } from './name.ts'

const SUBJECT_ALT_NAME = '2.5.29.17'
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'

/** A GeneralName (RFC 5280, 4.2.1.6) of a host. */
export function dnsName(name: string): Buffer {
  return element(0x82, Buffer.from(name))
}

/** PEM, signed with the pair's key (of an elliptic curve); `altNames` are GeneralNames in DER. */
export function buildCertificateRequest(
  { privateKey, publicKey }: KeyPair,
  subject: SubjectName,
  altNames: readonly Buffer[] = [],
): string {
  const extensions = sequence(sequence(oid(SUBJECT_ALT_NAME), octetString(sequence(...altNames))))
  const attribute = sequence(oid(EXTENSION_REQUEST), set(extensions))
  const info = sequence(
    element(0x02, Buffer.from([0])),
    encodeName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    context(0, true, ...(altNames.length === 0 ? [] : [attribute])),
  )
  const signature = bitString(sign('sha256', info, privateKey))
  return pem('CERTIFICATE REQUEST', sequence(info, sequence(oid(ECDSA_WITH_SHA256)), signature))
}
