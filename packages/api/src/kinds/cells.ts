// Small makers of printed columns, shared by the kinds' files.

import type { KubeObject } from '../object.ts'
import type { Column } from '../resource.ts'

export type Cell = Column['cell']

/** A column of text that every table shows. */
export function text(name: string, cell: Cell): Column {
  return { name, type: 'string', cell }
}

/** A column of text that only `-o wide` shows. */
export function wide(name: string, cell: Cell): Column {
  return { name, type: 'string', priority: 1, cell }
}

export function integer(name: string, cell: Cell): Column {
  return { name, type: 'integer', cell }
}

export function boolean(name: string, cell: Cell): Column {
  return { name, type: 'boolean', cell }
}

/** What kinds without a printer of their own show instead of an age. */
export const createdAt: Column = {
  name: 'Created At',
  type: 'date',
  cell: (object: KubeObject) => object.metadata.creationTimestamp,
}

/** Short forms of access modes in their fixed order: `RWO,ROX`. */
export function accessModes(modes: readonly string[] | undefined): string {
  const given = new Set(modes)
  return ACCESS_MODES.filter(([mode]) => given.has(mode))
    .map(([, short]) => short)
    .join(',')
}

const ACCESS_MODES: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

/** How many entries a map or list has; none when absent. */
export function size(of: object | null | undefined): number {
  return of === undefined || of === null ? 0 : Object.keys(of).length
}
