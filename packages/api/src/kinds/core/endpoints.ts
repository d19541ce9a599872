// Endpoints: the addresses behind a Service, in the older form that EndpointSlice follows up.

import type { KubeObject } from '../../object.ts'
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
