// Columns that every workload's wide table ends with: what runs in it and which pods it owns.

import type { KubeObject } from '../object.ts'
import type { Column } from '../resource.ts'
import { formatStructured } from '../selectors/structured.ts'
import { type Json, listOf } from '../validate/json.ts'
import { wide } from './cells.ts'

/** `spec.template.spec` of most workloads. */
export const templateSpec = (object: KubeObject): Json => object['spec']?.template?.spec

export function containerColumns(podSpec: (object: KubeObject) => Json = templateSpec): Column[] {
  return [
    wide('Containers', (object) => joined(podSpec(object), 'name')),
    wide('Images', (object) => joined(podSpec(object), 'image')),
  ]
}

/** For a metav1.LabelSelector. */
export const selectorColumn: Column = wide('Selector', (object) => formatStructured(object['spec']?.selector))

export function joined(podSpec: Json, field: 'name' | 'image'): string {
  return listOf(podSpec?.containers)
    .map((container) => container[field] ?? '')
    .join(',')
}
