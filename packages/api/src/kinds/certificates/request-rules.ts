// What a CertificateSigningRequest must hold, and which conditions it may have.

import { deepEqual } from '@brume/base/values'
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1123Label, isDNS1123Subdomain, MAX_SUBDOMAIN_LENGTH } from '../../validate/names.ts'

const USAGES = [
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
].sort()
const MIN_SECONDS = 600
const MAX_SIGNER_NAME = 571
const ONLY_TRUE = ['Approved', 'Denied', 'Failed']

export function validateRequest(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const errors: FieldError[] = []
  const why = notARequest(spec.request ?? '')
  if (why !== undefined) errors.push(invalid('spec.request', spec.request ?? '', why))
  const usages: string[] = listOf(spec.usages)
  if (usages.length === 0) errors.push(required('spec.usages'))
  for (const [i, usage] of usages.entries()) {
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${i}]`, usage, USAGES))
    if (usages.indexOf(usage) < i) errors.push(duplicate(`spec.usages[${i}]`, usage))
  }
  errors.push(...validateSignerName(spec.signerName ?? '', 'spec.signerName'))
  const seconds: number | null = spec.expirationSeconds ?? null
  if (seconds !== null && seconds < MIN_SECONDS) {
    const short = `may not specify a duration less than ${MIN_SECONDS} seconds (10 minutes)`
    errors.push(invalid('spec.expirationSeconds', seconds, short))
  }
  return [...errors, ...validateConditions(object)]
}

/** Looks at the PEM frame and the outermost ASN.1 element; the signer reads the rest. */
function notARequest(request: string): string | undefined {
  const pem = Buffer.from(request, 'base64').toString('latin1')
  const match =
    /-----BEGIN CERTIFICATE REQUEST-----\r?\n([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/.exec(pem)
  if (match === null) return 'PEM block type must be CERTIFICATE REQUEST'
  const der = Buffer.from(match[1]!, 'base64')
  return isWholeSequence(der) ? undefined : 'asn1: structure error: not a certificate request'
}

function isWholeSequence(der: Buffer): boolean {
  if (der.length < 2 || der[0] !== 0x30) return false
  const first = der[1]!
  if (first < 0x80) return der.length === 2 + first
  const lengthBytes = first & 0x7f
  if (lengthBytes === 0 || lengthBytes > 4 || der.length < 2 + lengthBytes) return false
  return der.length === 2 + lengthBytes + der.readUIntBE(2, lengthBytes)
}

/** `example.com/name`: a domain of at least two labels, and one path segment. */
export function validateSignerName(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)]
  const segments = name.split('/')
  if (segments.length !== 2) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    return [invalid(field, name, why)]
  }
  const [domain = '', path = ''] = segments
  const errors: FieldError[] = []
  if (domain.length > MAX_SUBDOMAIN_LENGTH) errors.push(tooLong(field, MAX_SUBDOMAIN_LENGTH))
  const labels = domain.split('.')
  errors.push(...firstBadLabel(domain, field, isDNS1123Label))
  if (labels.length < 2) {
    errors.push(invalid(field, domain, 'should be a domain with at least two segments separated by dots'))
  }
  errors.push(...firstBadLabel(path, field, isDNS1123Subdomain))
  if (name.length > MAX_SIGNER_NAME) errors.push(tooLong(field, MAX_SIGNER_NAME))
  return errors
}

/** Only the first: the others would say the same again. */
function firstBadLabel(segment: string, field: string, rule: (text: string) => string[]): FieldError[] {
  for (const label of segment.split('.')) {
    const wrong = rule(label)
    if (wrong.length > 0) {
      return wrong.map((why) => invalid(field, segment, `validating label "${label}": ${why}`))
    }
  }
  return []
}

/** Of a signer's update: who signs neither approves nor denies, and a certificate that is there stays. */
export function validateSigning(object: KubeObject, old: KubeObject): FieldError[] {
  const errors = validateApproval(object, old)
  for (const type of ['Approved', 'Denied']) {
    const [now, before] = [conditionsOf(object, type), conditionsOf(old, type)]
    if (now.length > before.length) {
      errors.push(forbiddenField('status.conditions', `updates may not add a condition of type "${type}"`))
    } else if (now.length === before.length && !deepEqual(now, before)) {
      errors.push(forbiddenField('status.conditions', `updates may not modify a condition of type "${type}"`))
    }
  }
  const [certificate, issued] = [object.status?.certificate ?? '', old.status?.certificate ?? '']
  if (issued !== '' && certificate !== issued) {
    const why = 'updates may not modify existing certificate content'
    errors.push(forbiddenField('status.certificate', why))
  }
  return errors
}

/** Of an approver's update: what was decided stays. */
export function validateApproval(object: KubeObject, old: KubeObject): FieldError[] {
  const removed = ONLY_TRUE.filter(
    (type) => conditionsOf(object, type).length < conditionsOf(old, type).length,
  )
  return [
    ...validateConditions(object),
    ...removed.map((type) =>
      forbiddenField('status.conditions', `updates may not remove a condition of type "${type}"`),
    ),
  ]
}

function conditionsOf(object: KubeObject, type: string): Json[] {
  return listOf(object.status?.conditions).filter((condition: Json) => condition.type === type)
}

/** Approved, denied and failed are final: their status is True, and the first two exclude each other. */
export function validateConditions(object: KubeObject): FieldError[] {
  const conditions: { type?: string; status?: string }[] = listOf(object.status?.conditions)
  const types = conditions.map(({ type }) => type ?? '')
  return conditions.flatMap(({ status = '' }, i) => {
    const field = `status.conditions[${i}]`
    const type = types[i]!
    const errors: FieldError[] = []
    const allowed = ONLY_TRUE.includes(type) ? ['True'] : ['False', 'True', 'Unknown']
    if (type === '') errors.push(required(`${field}.type`))
    if (status === '') errors.push(required(`${field}.status`))
    else if (!allowed.includes(status)) errors.push(notSupported(`${field}.status`, status, allowed))
    const earlier = types.slice(0, i)
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined
    if (opposite !== undefined && earlier.includes(opposite)) {
      const why = 'Approved and Denied conditions are mutually exclusive'
      errors.push(invalid(`${field}.type`, type, why))
    }
    if (earlier.includes(type)) errors.push(duplicate(`${field}.type`, type))
    return errors
  })
}
