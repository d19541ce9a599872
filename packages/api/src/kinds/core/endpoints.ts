// Endpoints: the addresses behind a Service, in the older form that EndpointSlice follows up.

import { type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { PROTOCOLS } from '../../validate/choices.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { isIP } from '../../validate/ip.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1123Label, isDNS1123Subdomain, isQualifiedName } from '../../validate/names.ts'
import { isPortNumber } from '../../validate/ports.ts'
import { ipWarnings, nonSpecialIP } from '../../validate/special-ip.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

const MAX_SHOWN = 3

export const endpoints = defineKind({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  hasGeneration: false,
  allowCreateOnUpdate: true,
  columns: [text('Endpoints', endpointsCell), age],
  setDefaults(object) {
    for (const subset of listOf(object['subsets'])) {
      for (const port of listOf(subset.ports)) port.protocol ||= 'TCP'
    }
  },
  validate: (object) =>
    listOf(object['subsets']).flatMap((subset, i) => validateSubset(subset, `subsets[${i}]`)),
  warnings: (object) =>
    listOf(object['subsets']).flatMap((subset, i) =>
      addressesOf(subset, `subsets[${i}]`).flatMap(([address, field]) =>
        ipWarnings(address.ip, `${field}.ip`),
      ),
    ),
})

interface Subset {
  addresses?: { ip: string }[]
  ports?: { port: number }[]
}

function endpointsCell(object: KubeObject): string {
  const subsets: Subset[] = object.subsets ?? []
  if (subsets.length === 0) return '<none>'
  const all: string[] = []
  for (const { addresses = [], ports = [] } of subsets) {
    if (ports.length === 0) all.push(...addresses.map(({ ip }) => ip))
    for (const { port } of ports) all.push(...addresses.map(({ ip }) => joinHostPort(ip, port)))
  }
  const shown = all.slice(0, MAX_SHOWN).join(',')
  return all.length > MAX_SHOWN ? `${shown} + ${all.length - MAX_SHOWN} more...` : shown
}

function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Ready and not ready ones, each with its path. */
function addressesOf(subset: Json, field: string): [Json, string][] {
  return ['addresses', 'notReadyAddresses'].flatMap((list) =>
    listOf(subset[list]).map((address, i): [Json, string] => [address, `${field}.${list}[${i}]`]),
  )
}

function validateSubset(subset: Json, field: string): FieldError[] {
  const addresses = addressesOf(subset, field)
  const errors: FieldError[] = []
  if (addresses.length === 0) {
    errors.push(required(field, 'must specify `addresses` or `notReadyAddresses`'))
  }
  for (const [address, at] of addresses) errors.push(...validateAddress(address, at))
  const ports = listOf(subset.ports)
  for (const [i, port] of ports.entries()) {
    errors.push(...validatePort(port, `${field}.ports[${i}]`, ports.length > 1))
  }
  return errors
}

function validateAddress(address: Json, field: string): FieldError[] {
  const ip: string = address.ip ?? ''
  const errors = named(`${field}.ip`, ip, isIP)
  if (address.hostname) errors.push(...named(`${field}.hostname`, address.hostname, isDNS1123Label))
  if ((address.nodeName ?? null) !== null) {
    errors.push(...named(`${field}.nodeName`, address.nodeName, isDNS1123Subdomain))
  }
  return [...errors, ...nonSpecialIP(ip, `${field}.ip`)]
}

function validatePort(port: Json, field: string, needsName: boolean): FieldError[] {
  const errors: FieldError[] = []
  if (port.name) errors.push(...named(`${field}.name`, port.name, isDNS1123Label))
  else if (needsName) errors.push(required(`${field}.name`))
  errors.push(...isPortNumber(port.port ?? 0).map((why) => invalid(`${field}.port`, port.port ?? 0, why)))
  errors.push(...oneOf(`${field}.protocol`, port.protocol, PROTOCOLS))
  if ((port.appProtocol ?? null) === null) return errors
  return [...errors, ...named(`${field}.appProtocol`, port.appProtocol, isQualifiedName)]
}
