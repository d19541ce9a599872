// Accepts the names of CustomResourceDefinitions and establishes them, so that their kinds are served.

import type { KubeObject } from '@brume/api/object'
import { decideCrdStatus, stampConditions } from '@brume/api/structural/crd-status'
import { formatTime } from '@brume/base/clock'
import { CUSTOM_RESOURCE_DEFINITIONS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import type { Dependencies } from '../dependencies.ts'

export interface ObservedDefinition {
  definition: KubeObject
  /** All others of its group. */
  others: readonly KubeObject[]
}

export interface SetDefinitionStatus {
  type: 'setStatus'
  definition: KubeObject
}

export function definitionStatus({ client, informers }: Dependencies): ControllerSpec {
  const definitions = informers.for(CUSTOM_RESOURCE_DEFINITIONS)
  /** What was written last, until the informer has it: two CRDs must not both get a name. */
  const written = new Map<string, KubeObject>()
  const groupOf = (group: string) => definitions.store.list().filter(({ spec }) => spec.group === group)
  const latest = (definition: KubeObject) => {
    const mine = written.get(definition.metadata.name!)
    if (mine === undefined || !isNewer(mine, definition)) {
      written.delete(definition.metadata.name!)
      return definition
    }
    return mine
  }
  return defineController<ObservedDefinition, SetDefinitionStatus>({
    name: 'crd-status',
    // One worker, and all of the group on any change: a name that became free may be wanted by another.
    sources: [
      fromInformer(definitions, ({ metadata, spec }) => [
        metadata.name!,
        ...groupOf(spec.group).map((other) => other.metadata.name!),
      ]),
    ],
    observe(name) {
      const definition = definitions.store.get('', name)
      if (definition === undefined) return undefined
      const others = groupOf(definition.spec.group).filter(({ metadata }) => metadata.name !== name)
      return { definition: latest(definition), others: others.map(latest) }
    },
    decide: decideDefinition,
    async act({ definition }) {
      const updated = await client.resource(CUSTOM_RESOURCE_DEFINITIONS).updateStatus(definition)
      written.set(definition.metadata.name!, updated)
    },
  })
}

export function decideDefinition(
  { definition, others }: ObservedDefinition,
  now: number,
): Plan<SetDefinitionStatus> {
  if (definition.metadata.deletionTimestamp !== undefined) return { actions: [] }
  const { acceptedNames, conditions, storedVersions, changed } = decideCrdStatus(definition, others)
  if (!changed) return { actions: [] }
  const current = definition.status?.conditions ?? []
  const status = {
    ...definition.status,
    acceptedNames,
    storedVersions,
    conditions: stampConditions(conditions, current, formatTime(now)),
  }
  return { actions: [{ type: 'setStatus', definition: { ...definition, status } }] }
}

function isNewer(a: KubeObject, b: KubeObject): boolean {
  if (a.metadata.uid !== b.metadata.uid) return false
  return BigInt(a.metadata.resourceVersion ?? '0') > BigInt(b.metadata.resourceVersion ?? '0')
}
