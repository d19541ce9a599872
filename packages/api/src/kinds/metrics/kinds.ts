// The kinds of metrics.k8s.io/v1beta1: what nodes and pods use now. They are answered from the nodes, never stored.

import type { KubeObject } from '../../object.ts'
import type { Column } from '../../resource.ts'
import { defineKind, type KindSource } from '../define.ts'

const GROUP = { group: 'metrics.k8s.io', version: 'v1beta1', verbs: ['get', 'list'], stored: false } as const
const PACKAGE = 'io.k8s.metrics.pkg.apis.metrics.v1beta1'

const windowColumn: Column = {
  name: 'Window',
  type: 'string',
  format: 'duration',
  description: 'The time over which the use was measured.',
  cell: ({ window }) => window,
}

function usageColumn(name: 'cpu' | 'memory', usageOf: (object: KubeObject) => unknown): Column {
  const description = `How much ${name} is used.`
  return {
    name,
    type: 'string',
    format: 'quantity',
    description,
    cell: (object) => String(usageOf(object) ?? ''),
  }
}

export const nodeMetrics: KindSource = defineKind({
  ...GROUP,
  kind: 'NodeMetrics',
  plural: 'nodes',
  singular: '',
  namespaced: false,
  typeName: `${PACKAGE}.NodeMetrics`,
  hasStatus: false,
  columns: [
    usageColumn('cpu', ({ usage }) => usage?.cpu),
    usageColumn('memory', ({ usage }) => usage?.memory),
    windowColumn,
  ],
})

export const podMetrics: KindSource = defineKind({
  ...GROUP,
  kind: 'PodMetrics',
  plural: 'pods',
  singular: '',
  typeName: `${PACKAGE}.PodMetrics`,
  hasStatus: false,
  columns: [
    usageColumn('cpu', (object) => total(object, 'cpu')),
    usageColumn('memory', (object) => total(object, 'memory')),
    windowColumn,
  ],
})

export const metricsKinds: KindSource[] = [nodeMetrics, podMetrics]

/** Of all containers; their amounts are written in one unit each (`n`, `Ki`). */
function total({ containers }: KubeObject, resource: 'cpu' | 'memory'): string {
  const unit = resource === 'cpu' ? 'n' : 'Ki'
  let sum = 0
  for (const { usage } of containers ?? []) sum += Number.parseInt(usage?.[resource] ?? '0', 10)
  return `${sum}${unit}`
}
