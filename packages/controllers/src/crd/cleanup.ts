// A CustomResourceDefinition that is being deleted takes all its objects with it before it goes.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { CUSTOM_RESOURCE_DEFINITIONS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import {
  type ControllerSpec,
  defineController,
  fromInformer,
  type Plan,
  type Source,
} from '@brume/client/controller'
import type { ResourceRef } from '@brume/client/resource-ref'
import type { Dependencies } from '../dependencies.ts'

export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

export interface ObservedDefinition {
  definition: KubeObject
  /** Objects that are left, by namespace ('' for cluster-scoped ones): all, and those not yet being deleted. */
  left: ReadonlyMap<string, { count: number; notDeleting: number }>
}

export type CleanupAction =
  | { type: 'deleteAll'; ref: ResourceRef; namespace: string }
  | { type: 'setCondition'; definition: KubeObject }
  | { type: 'removeFinalizer'; definition: KubeObject }

interface Finding {
  status: 'True' | 'False'
  reason: string
  message: string
}

/** In case no event of the last object comes. */
const LOOK_AGAIN_MS = 5000

export function definitionCleanup({ client, informers, monitors }: Dependencies): ControllerSpec {
  const definitions = informers.for(CUSTOM_RESOURCE_DEFINITIONS)
  const instances: Source = {
    start(enqueue) {
      const look = ({ plural, group }: ResourceRef) => {
        const definition = definitions.store.get('', `${plural}.${group}`)
        if (definition?.metadata.deletionTimestamp !== undefined) enqueue(definition.metadata.name!)
      }
      return monitors.listen({ delete: (_object, resource) => look(resource), listed: look })
    },
    synced: async () => {},
  }
  return defineController<ObservedDefinition, CleanupAction>({
    name: 'crd-cleanup',
    sources: [fromInformer(definitions), instances],
    async observe(name) {
      const definition = definitions.store.get('', name)
      if (definition === undefined || !isLeaving(definition)) return undefined
      return {
        definition,
        left: isEstablished(definition) ? await countInstances(client, definition) : new Map(),
      }
    },
    decide: decideCleanup,
    act: (action) => actOnCleanup(client, action),
  })
}

export function decideCleanup({ definition, left }: ObservedDefinition, now: number): Plan<CleanupAction> {
  if (!isLeaving(definition)) return { actions: [] }
  if (left.size === 0) {
    const done: Finding = isEstablished(definition)
      ? { status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' }
      : { status: 'False', reason: 'NeverEstablished', message: 'resource was never established' }
    // Said before the finalizer goes, where someone else's finalizer keeps the definition for others to read.
    const others = definition.metadata.finalizers!.length > 1
    const said = others ? conditionAction(definition, done, now) : []
    return { actions: said.length > 0 ? said : [{ type: 'removeFinalizer', definition }] }
  }
  const ref = instancesOf(definition)
  const deletions = [...left]
    .filter(([, { notDeleting }]) => notDeleting > 0)
    .map(([namespace]) => ({ type: 'deleteAll' as const, ref, namespace }))
  const pending: Finding = {
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message: 'CustomResource deletion is in progress',
  }
  return {
    actions: [...conditionAction(definition, pending, now), ...deletions],
    requeueAfterMs: deletions.length > 0 ? 0 : LOOK_AGAIN_MS,
  }
}

function isLeaving({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(CLEANUP_FINALIZER)
}

function isEstablished({ status }: KubeObject): boolean {
  return (status?.conditions ?? []).some(
    (c: { type: string; status: string }) => c.type === 'Established' && c.status === 'True',
  )
}

/** The kind's storage version. */
function instancesOf({ spec }: KubeObject): ResourceRef {
  const versions: { name: string; storage: boolean; served: boolean }[] = spec.versions
  const version =
    versions.find((v) => v.storage && v.served) ?? versions.find((v) => v.served) ?? versions[0]!
  return {
    group: spec.group,
    version: version.name,
    plural: spec.names.plural,
    kind: spec.names.kind,
    namespaced: spec.scope === 'Namespaced',
  }
}

function conditionAction(definition: KubeObject, finding: Finding, now: number): CleanupAction[] {
  const conditions: (Finding & { type: string })[] = definition.status?.conditions ?? []
  const old = conditions.find(({ type }) => type === 'Terminating')
  if (old?.status === finding.status && old.reason === finding.reason) return []
  const condition = { type: 'Terminating', ...finding, lastTransitionTime: formatTime(now) }
  const others = conditions.filter(({ type }) => type !== 'Terminating')
  const status = { ...definition.status, conditions: [...others, condition] }
  return [{ type: 'setCondition', definition: { ...definition, status } }]
}

async function countInstances(client: Client, definition: KubeObject): Promise<ObservedDefinition['left']> {
  const { items } = await client.resource(instancesOf(definition)).metadata().listAll()
  const left = new Map<string, { count: number; notDeleting: number }>()
  for (const { metadata } of items) {
    const counts = left.get(metadata.namespace ?? '') ?? { count: 0, notDeleting: 0 }
    counts.count++
    if (metadata.deletionTimestamp === undefined) counts.notDeleting++
    left.set(metadata.namespace ?? '', counts)
  }
  return left
}

async function actOnCleanup(client: Client, action: CleanupAction): Promise<void> {
  const definitions = client.resource(CUSTOM_RESOURCE_DEFINITIONS)
  switch (action.type) {
    case 'deleteAll': {
      const { ref, namespace } = action
      await client.resource(ref).deleteCollection(namespace === '' ? {} : { namespace })
      return
    }
    case 'setCondition':
      await definitions.updateStatus(action.definition)
      return
    case 'removeFinalizer': {
      const { name, uid, resourceVersion, finalizers = [] } = action.definition.metadata
      const rest = finalizers.filter((f) => f !== CLEANUP_FINALIZER)
      const body = { metadata: { uid, resourceVersion, finalizers: rest } }
      await definitions.patch({ name: name! }, { type: 'merge', body })
    }
  }
}
