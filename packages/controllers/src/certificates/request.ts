// What a PKCS#10 certificate request (RFC 2986) asks for. Its signature is checked by who admits and who signs it.

import {
  type DerElement,
  DerError,
  inside,
  OCTET_STRING,
  objectIdentifier,
  readElements,
  SEQUENCE,
  SET,
} from './der.ts'

export interface CertificateRequest {
  /** The last one given, as Go reads it; '' when there is none. */
  commonName: string
  organizations: string[]
  dnsNames: string[]
  /** As hexadecimal bytes. */
  ipAddresses: string[]
  emailAddresses: string[]
  uris: string[]
}

const PEM = /-----BEGIN CERTIFICATE REQUEST-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/
const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17'
const ATTRIBUTES = 0xa0
const BMP_STRING = 0x1e
/** Of GeneralName (RFC 5280, 4.2.1.6). */
const NAME_TAGS = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 } as const

/** `request` is the base64 of `spec.request`. undefined: it is not a certificate request. */
export function parseRequest(request: string): CertificateRequest | undefined {
  const match = PEM.exec(Buffer.from(request, 'base64').toString('latin1'))
  if (match === null) return undefined
  try {
    return readRequest(Buffer.from(match[1]!, 'base64'))
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

function readRequest(der: Buffer): CertificateRequest {
  const [info] = inside(readElements(der)[0], SEQUENCE)
  const [, subject, , attributes] = inside(info, SEQUENCE)
  const names = alternativeNames(attributes)
  const ofTag = (tag: number) => names.filter((name) => name.tag === tag).map(({ content }) => content)
  const texts = (tag: number) => ofTag(tag).map((content) => content.toString('latin1'))
  return {
    ...subjectOf(subject),
    dnsNames: texts(NAME_TAGS.dns),
    ipAddresses: ofTag(NAME_TAGS.ip).map((content) => content.toString('hex')),
    emailAddresses: texts(NAME_TAGS.email),
    uris: texts(NAME_TAGS.uri),
  }
}

function subjectOf(name: DerElement | undefined): Pick<CertificateRequest, 'commonName' | 'organizations'> {
  const organizations: string[] = []
  let commonName = ''
  for (const attribute of inside(name, SEQUENCE).flatMap((relative) => inside(relative, SET))) {
    const [type, value] = inside(attribute, SEQUENCE)
    const id = objectIdentifier(type)
    if (id === COMMON_NAME) commonName = textOf(value)
    else if (id === ORGANIZATION) organizations.push(textOf(value))
  }
  return { commonName, organizations }
}

function textOf(value: DerElement | undefined): string {
  if (value === undefined) throw new DerError('a name has no value')
  if (value.tag !== BMP_STRING) return value.content.toString('utf8')
  return new TextDecoder('utf-16be').decode(value.content)
}

/** Of all requested extensions that are subject alternative names. */
function alternativeNames(attributes: DerElement | undefined): DerElement[] {
  if (attributes === undefined) return []
  const names: DerElement[] = []
  for (const attribute of inside(attributes, ATTRIBUTES)) {
    const [type, values] = inside(attribute, SEQUENCE)
    if (objectIdentifier(type) !== EXTENSION_REQUEST) continue
    for (const extension of inside(values, SET).flatMap((list) => inside(list, SEQUENCE))) {
      const parts = inside(extension, SEQUENCE)
      if (objectIdentifier(parts[0]) !== SUBJECT_ALTERNATIVE_NAME) continue
      const value = parts.at(-1)
      if (value?.tag !== OCTET_STRING) throw new DerError('an extension has no value')
      names.push(...inside(readElements(value.content)[0], SEQUENCE))
    }
  }
  return names
}
