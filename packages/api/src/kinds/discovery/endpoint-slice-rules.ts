// Defaults and rules of an EndpointSlice.

import { duplicate, type FieldError, invalid, required, tooMany } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { PROTOCOLS } from '../../validate/choices.ts'
import { validateFullyQualifiedDomainName } from '../../validate/domains.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { isIPv4, isIPv6 } from '../../validate/ip.ts'
import { type Json, listOf, mapOf } from '../../validate/json.ts'
import { validateLabels } from '../../validate/labels.ts'
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  isValidLabelValue,
} from '../../validate/names.ts'
import { isPortNumber } from '../../validate/ports.ts'
import { ipWarnings, nonSpecialIP } from '../../validate/special-ip.ts'

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6']
const MAX_ENDPOINTS = 1000
const MAX_ADDRESSES = 100
const MAX_PORTS = 20000
const MAX_TOPOLOGY_LABELS = 16
const MAX_ZONE_HINTS = 8

export function setSliceDefaults(object: KubeObject): void {
  for (const port of listOf(object['ports'])) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  }
}

export function validateEndpointSlice(object: KubeObject): FieldError[] {
  const type: string = object['addressType'] ?? ''
  return [
    ...oneOf('addressType', type, ADDRESS_TYPES),
    ...validateEndpoints(listOf(object['endpoints']), type),
    ...validatePorts(listOf(object['ports'])),
  ]
}

function validateEndpoints(endpoints: Json[], type: string): FieldError[] {
  if (endpoints.length > MAX_ENDPOINTS) return [tooMany('endpoints', endpoints.length, MAX_ENDPOINTS)]
  return endpoints.flatMap((endpoint, i) => {
    const field = `endpoints[${i}]`
    const errors = validateAddresses(listOf(endpoint.addresses), `${field}.addresses`, type)
    if ((endpoint.nodeName ?? null) !== null) {
      errors.push(...named(`${field}.nodeName`, endpoint.nodeName, isDNS1123Subdomain))
    }
    errors.push(...validateTopology(endpoint.deprecatedTopology, `${field}.deprecatedTopology`))
    if ((endpoint.hostname ?? null) !== null) {
      errors.push(...named(`${field}.hostname`, endpoint.hostname, isDNS1123Label))
    }
    return [...errors, ...validateHints(listOf(endpoint.hints?.forZones), `${field}.hints.forZones`)]
  })
}

function validateAddresses(addresses: string[], field: string, type: string): FieldError[] {
  if (addresses.length === 0) return [required(field, 'must contain at least 1 address')]
  if (addresses.length > MAX_ADDRESSES) return [tooMany(field, addresses.length, MAX_ADDRESSES)]
  return addresses.flatMap((address, i) => {
    const at = `${field}[${i}]`
    if (type === 'FQDN') return validateFullyQualifiedDomainName(address, at)
    if (type !== 'IPv4' && type !== 'IPv6') return []
    return [...named(at, address, type === 'IPv4' ? isIPv4 : isIPv6), ...nonSpecialIP(address, at)]
  })
}

function validateTopology(topology: Json, field: string): FieldError[] {
  const count = Object.keys(mapOf(topology)).length
  const errors = count > MAX_TOPOLOGY_LABELS ? [tooMany(field, count, MAX_TOPOLOGY_LABELS)] : []
  return [...errors, ...validateLabels(topology, field)]
}

function validateHints(zones: Json[], field: string): FieldError[] {
  const errors = zones.length > MAX_ZONE_HINTS ? [tooMany(field, zones.length, MAX_ZONE_HINTS)] : []
  const names = zones.map(({ name }): string => name ?? '')
  for (const [i, name] of names.entries()) {
    const at = `${field}[${i}].name`
    if (names.indexOf(name) < i) errors.push(duplicate(at, name))
    errors.push(...named(at, name, isValidLabelValue))
  }
  return errors
}

function validatePorts(ports: Json[]): FieldError[] {
  if (ports.length > MAX_PORTS) return [tooMany('ports', ports.length, MAX_PORTS)]
  const names = new Set<string>()
  return ports.flatMap((port, i) => {
    const field = `ports[${i}]`
    const errors: FieldError[] = []
    if (port.name) errors.push(...named(`${field}.name`, port.name, isDNS1123Label))
    if (names.has(port.name)) errors.push(duplicate(`${field}.name`, port.name))
    names.add(port.name)
    errors.push(...oneOf(`${field}.protocol`, port.protocol, PROTOCOLS))
    if ((port.port ?? null) !== null) {
      errors.push(...isPortNumber(port.port).map((why) => invalid(`${field}.port`, port.port, why)))
    }
    if ((port.appProtocol ?? null) === null) return errors
    return [...errors, ...named(`${field}.appProtocol`, port.appProtocol, isQualifiedName)]
  })
}

export function endpointSliceWarnings(object: KubeObject): string[] {
  if (object['addressType'] === 'FQDN') return []
  return listOf(object['endpoints']).flatMap((endpoint, i) =>
    listOf(endpoint.addresses).flatMap((address: string, j) =>
      ipWarnings(address, `endpoints[${i}].addresses[${j}]`),
    ),
  )
}
