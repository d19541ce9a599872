// What `kubectl get events` shows. The name comes last and only with `-o wide`, unlike for every other kind.

import type { KubeObject } from '../../object.ts'
import type { Column } from '../../resource.ts'
import { text, wide } from '../cells.ts'
import { ageOf } from '../columns.ts'

export const eventColumns: readonly Column[] = [
  text('Last Seen', lastSeenCell),
  text('Type', (object) => object['type']),
  text('Reason', (object) => object['reason']),
  text('Object', objectCell),
  wide('Subobject', (object) => object['involvedObject']?.fieldPath),
  wide('Source', sourceCell),
  text('Message', (object) => (object['message'] ?? '').trim()),
  wide('First Seen', firstSeenCell),
  wide('Count', (object) => object['series']?.count ?? (object['count'] || 1)),
  { name: 'Name', type: 'string', format: 'name', priority: 1, cell: (object) => object.metadata.name },
]

function lastSeenCell(object: KubeObject, now: number): string {
  if (object['series']) return ageOf(object['series'].lastObservedTime, now)
  if (object['lastTimestamp']) return ageOf(object['lastTimestamp'], now)
  return firstSeenCell(object, now)
}

function firstSeenCell(object: KubeObject, now: number): string {
  return ageOf(object['firstTimestamp'] || object['eventTime'], now)
}

function objectCell(object: KubeObject): string {
  const { kind = '', name = '' } = object['involvedObject'] ?? {}
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`
}

function sourceCell(object: KubeObject): string {
  const component = object['source']?.component || object['reportingComponent'] || ''
  const instance = object['source']?.host || object['reportingInstance'] || ''
  return instance === '' ? component : `${component}, ${instance}`
}
