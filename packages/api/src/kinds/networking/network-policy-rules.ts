// Defaults and rules of a NetworkPolicy: whom it selects, and the peers and ports that it lets through.

import { type FieldError, forbiddenField, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { isUnset, named, unsupported } from '../../validate/fields.ts'
import { isCIDR, parseCIDR } from '../../validate/ip.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { validateLabelSelector } from '../../validate/labels.ts'
import { isPortName, isPortNumber } from '../../validate/ports.ts'
import { cidrWarnings } from '../../validate/special-ip.ts'

const TYPES = ['Ingress', 'Egress']
const PROTOCOLS = ['TCP', 'UDP', 'SCTP']

/** Direction -> the field that lists its peers. */
const DIRECTIONS = [
  ['ingress', 'from'],
  ['egress', 'to'],
] as const

export function setNetworkPolicyDefaults(object: KubeObject): void {
  const spec: Json = object.spec
  if (!spec) return
  for (const [direction] of DIRECTIONS) {
    for (const rule of listOf(spec[direction])) {
      for (const port of listOf(rule.ports)) port.protocol ??= 'TCP'
    }
  }
  if (listOf(spec.policyTypes).length > 0) return
  spec.policyTypes = listOf(spec.egress).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}

export function validateNetworkPolicy(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const errors = validateLabelSelector(spec.podSelector, 'spec.podSelector')
  for (const [direction, peers] of DIRECTIONS) {
    for (const [i, rule] of listOf(spec[direction]).entries()) {
      const field = `spec.${direction}[${i}]`
      errors.push(...listOf(rule.ports).flatMap((port, j) => validatePort(port, `${field}.ports[${j}]`)))
      errors.push(...listOf(rule[peers]).flatMap((peer, j) => validatePeer(peer, `${field}.${peers}[${j}]`)))
    }
  }
  return [...errors, ...validateTypes(listOf(spec.policyTypes))]
}

function validateTypes(types: string[]): FieldError[] {
  const field = 'spec.policyTypes'
  if (types.length > TYPES.length) {
    return [invalid(field, types, 'may not specify more than two policyTypes')]
  }
  return types.flatMap((type, i) =>
    TYPES.includes(type) ? [] : [unsupported(`${field}[${i}]`, type, TYPES)],
  )
}

function validatePort(entry: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!isUnset(entry.protocol) && !PROTOCOLS.includes(entry.protocol)) {
    errors.push(unsupported(`${field}.protocol`, entry.protocol, PROTOCOLS))
  }
  const port: number | string | null = entry.port ?? null
  const endPort: number | null = entry.endPort ?? null
  if (port === null) {
    if (endPort === null) return errors
    const why = 'may not be specified when `port` is not specified'
    return [...errors, invalid(`${field}.endPort`, endPort, why)]
  }
  if (typeof port === 'string') {
    if (endPort !== null) {
      errors.push(invalid(`${field}.endPort`, endPort, 'may not be specified when `port` is non-numeric'))
    }
    return [...errors, ...named(`${field}.port`, port, isPortName)]
  }
  errors.push(...isPortNumber(port).map((why) => invalid(`${field}.port`, port, why)))
  if (endPort === null) return errors
  if (endPort < port)
    errors.push(invalid(`${field}.endPort`, port, 'must be greater than or equal to `port`'))
  return [...errors, ...isPortNumber(endPort).map((why) => invalid(`${field}.endPort`, endPort, why))]
}

function validatePeer(peer: Json, field: string): FieldError[] {
  const kinds = ['podSelector', 'namespaceSelector', 'ipBlock'].filter((kind) => peer[kind])
  const errors = [
    ...validateLabelSelector(peer.podSelector, `${field}.podSelector`),
    ...validateLabelSelector(peer.namespaceSelector, `${field}.namespaceSelector`),
    ...(peer.ipBlock ? validateIPBlock(peer.ipBlock, `${field}.ipBlock`) : []),
  ]
  if (kinds.length === 0) errors.push(required(field, 'must specify a peer'))
  else if (kinds.length > 1 && peer.ipBlock) {
    errors.push(forbiddenField(field, 'may not specify both ipBlock and another peer'))
  }
  return errors
}

function validateIPBlock(block: Json, field: string): FieldError[] {
  if (!block.cidr) return [required(`${field}.cidr`)]
  const errors = named(`${field}.cidr`, block.cidr, isCIDR)
  if (errors.length > 0) return errors
  return listOf(block.except).flatMap((except: string, i) => {
    const at = `${field}.except[${i}]`
    const wrong = named(at, except, isCIDR)
    if (wrong.length > 0 || isStrictSubset(except, block.cidr)) return wrong
    return [invalid(at, except, 'must be a strict subset of `cidr`')]
  })
}

/** Both are valid CIDR blocks. */
function isStrictSubset(inner: string, outer: string): boolean {
  const [small, large] = [parseCIDR(inner)!, parseCIDR(outer)!]
  if (small.bytes.length !== large.bytes.length || large.prefix >= small.prefix) return false
  return bitsOf(small.bytes).slice(0, large.prefix) === bitsOf(large.bytes).slice(0, large.prefix)
}

function bitsOf(bytes: number[]): string {
  return bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')
}

export function networkPolicyWarnings(object: KubeObject): string[] {
  const warnings: string[] = []
  for (const [direction, peers] of DIRECTIONS) {
    for (const [i, rule] of listOf(object.spec?.[direction]).entries()) {
      for (const [j, { ipBlock }] of listOf(rule[peers]).entries()) {
        if (!ipBlock) continue
        const field = `spec.${direction}[${i}].${peers}[${j}].ipBlock`
        warnings.push(...cidrWarnings(ipBlock.cidr ?? '', `${field}.cidr`))
        warnings.push(
          ...listOf(ipBlock.except).flatMap((block: string, k) =>
            cidrWarnings(block, `${field}.except[${k}]`),
          ),
        )
      }
    }
  }
  return warnings
}
