// EndpointSlice: some of the addresses behind a Service.

import type { KubeObject } from '../../object.ts'
import { immutable } from '../../validate/immutable.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { endpointSliceWarnings, setSliceDefaults, validateEndpointSlice } from './endpoint-slice-rules.ts'

const MAX_SHOWN = 3

export const endpointSlice = defineKind({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  hasGeneration: true,
  columns: [
    text('AddressType', (object) => object['addressType']),
    text('Ports', portsCell),
    text('Endpoints', endpointsCell),
    age,
  ],
  setDefaults: setSliceDefaults,
  validate: validateEndpointSlice,
  validateUpdate: (object, old) => immutable(object['addressType'], old['addressType'], 'addressType'),
  warnings: endpointSliceWarnings,
})

function portsCell(object: KubeObject): string {
  const ports: { port?: number | null; name?: string }[] = object['ports'] ?? []
  return firstOf(ports.map(({ port, name }) => (port ? String(port) : (name ?? '*'))))
}

function endpointsCell(object: KubeObject): string {
  const endpoints: { addresses?: string[] }[] = object['endpoints'] ?? []
  return firstOf(endpoints.flatMap(({ addresses = [] }) => addresses))
}

function firstOf(values: string[]): string {
  const shown = values.slice(0, MAX_SHOWN).join(',')
  if (values.length > MAX_SHOWN) return `${shown} + ${values.length - MAX_SHOWN} more...`
  return shown === '' ? '<unset>' : shown
}
