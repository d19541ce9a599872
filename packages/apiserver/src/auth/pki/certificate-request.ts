// Reads PKCS #10 certificate requests (RFC 2986) and checks that who made one holds its key.

import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { isIP } from 'node:net'
import type { SubjectAltNames } from './certificate.ts'
import {
  bitStringBytes,
  children,
  type DerElement,
  DerError,
  expectAt,
  oidText,
  readOne,
  TAG,
} from './der.ts'
import { decodeName, type SubjectName } from './name.ts'

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const SUBJECT_ALT_NAME = '2.5.29.17'
const MAX_LENGTH = 64 * 1024

/** Signature algorithm -> digest; null: the algorithm brings its own. */
const DIGESTS: Record<string, string | null> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
}

export interface CertificateRequest {
  subject: SubjectName
  publicKey: KeyObject
  altNames: SubjectAltNames & { emailAddresses: readonly string[]; uris: readonly string[] }
}

/** undefined when the text is no certificate request, or its signature is not by the key in it. Never throws. */
export function parseCertificateRequest(pem: string): CertificateRequest | undefined {
  if (pem.length > MAX_LENGTH) return undefined
  const match =
    /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/.exec(
      pem,
    )
  if (match === null) return undefined
  try {
    return parse(Buffer.from(match[1]!.replace(/\s/g, ''), 'base64'))
  } catch {
    // DerError, or what node:crypto says of a key it cannot read.
    return undefined
  }
}

function parse(der: Buffer): CertificateRequest | undefined {
  const outer = children(expectAt([readOne(der)], 0, TAG.sequence))
  const info = expectAt(outer, 0, TAG.sequence)
  const algorithm = oidText(expectAt(children(expectAt(outer, 1, TAG.sequence)), 0, TAG.oid))
  const signature = bitStringBytes(expectAt(outer, 2, TAG.bitString))
  const fields = children(info)
  const subject = decodeName(expectAt(fields, 1, TAG.sequence))
  const spki = expectAt(fields, 2, TAG.sequence)
  const publicKey = createPublicKey({ key: spki.raw, format: 'der', type: 'spki' })
  const digest = DIGESTS[algorithm]
  if (digest === undefined || !verify(digest, info.raw, publicKey, signature)) return undefined
  return { subject, publicKey, altNames: requestedAltNames(fields[3]) }
}

function requestedAltNames(attributes: DerElement | undefined): CertificateRequest['altNames'] {
  const found = {
    dnsNames: [] as string[],
    ipAddresses: [] as string[],
    emailAddresses: [] as string[],
    uris: [] as string[],
  }
  if (attributes === undefined) return found
  for (const attribute of children(attributes)) {
    const [type, values] = children(attribute)
    if (type === undefined || oidText(type) !== EXTENSION_REQUEST) continue
    for (const extensions of children(expectAt([values!], 0, TAG.set))) {
      for (const extension of children(extensions)) {
        const parts = children(extension)
        if (oidText(expectAt(parts, 0, TAG.oid)) !== SUBJECT_ALT_NAME) continue
        const value = expectAt(parts, parts.length - 1, TAG.octetString)
        for (const name of children(readOne(value.content))) addName(found, name)
      }
    }
  }
  return found
}

type Names = Record<'dnsNames' | 'ipAddresses' | 'emailAddresses' | 'uris', string[]>

function addName(found: Names, { tag, content }: DerElement): void {
  switch (tag) {
    case 0x81:
      found.emailAddresses.push(content.toString('latin1'))
      break
    case 0x82:
      found.dnsNames.push(content.toString('latin1'))
      break
    case 0x86:
      found.uris.push(content.toString('latin1'))
      break
    case 0x87:
      found.ipAddresses.push(addressText(content))
      break
    default:
      throw new DerError(`unexpected kind of alternative name ${tag}`)
  }
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.')
  const groups = bytes.toString('hex').match(/.{4}/g) ?? []
  const text = groups.join(':')
  if (isIP(text) === 0) throw new DerError('not an address')
  return text
}
