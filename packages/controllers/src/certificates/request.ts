// What a PKCS#10 certificate request asks for.

import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509'

export interface CertificateRequest {
  commonName: string
  organizations: string[]
  dnsNames: string[]
  ipAddresses: string[]
  emailAddresses: string[]
  uris: string[]
}

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17'
const PEM = /-----BEGIN CERTIFICATE REQUEST-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/

/** `request` is the base64 of `spec.request`. undefined: it is not a certificate request. */
export function parseRequest(request: string): CertificateRequest | undefined {
  const match = PEM.exec(Buffer.from(request, 'base64').toString('latin1'))
  if (match === null) return undefined
  let parsed: Pkcs10CertificateRequest
  try {
    parsed = new Pkcs10CertificateRequest(Buffer.from(match[1]!, 'base64'))
  } catch (error) {
    // The library throws plain errors for malformed DER; whatever it was, this is no request to act on.
    if (error instanceof Error) return undefined
    throw error
  }
  const extension = parsed.getExtension(SUBJECT_ALTERNATIVE_NAME)
  const names = extension === null ? [] : new SubjectAlternativeNameExtension(extension.rawData).names.items
  const ofType = (type: string) => names.filter((name) => name.type === type).map(({ value }) => value)
  return {
    commonName: parsed.subjectName.getField('CN').at(-1) ?? '',
    organizations: parsed.subjectName.getField('O'),
    dnsNames: ofType('dns'),
    ipAddresses: ofType('ip'),
    emailAddresses: ofType('email'),
    uris: ofType('url'),
  }
}
