// The calls on the pods of an owner, each with its event.

import type { KubeObject } from '@brume/api/object'
import { conflict, isStatus, StatusError } from '@brume/base/errors'
import { PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { EventRecorder } from '@brume/client/event-recorder'
import type { ResourceRef } from '@brume/client/resource-ref'
import { getIfPresent } from '@brume/client/writes'
import { controllerReference, type OwnedObjects, type OwnerKind } from './owner.ts'

export interface ControlOptions {
  client: Client
  events: EventRecorder
  /** The owners' kind. */
  owners: ResourceRef & OwnerKind
}

export interface PodControl {
  create(owner: KubeObject, pod: KubeObject): Promise<KubeObject | undefined>
  delete(owner: KubeObject, pod: KubeObject): Promise<void>
  adopt(owner: KubeObject, pod: KubeObject): Promise<void>
  release(owner: KubeObject, pod: KubeObject): Promise<void>
}

/** What the pods' owner sees of its pods takes part in every write (read your writes). */
export function podControl(options: ControlOptions, pods: OwnedObjects): PodControl {
  const { client, events, owners } = options
  const resource = client.resource(PODS)
  const say = (owner: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string) =>
    void events.record(
      { ...owner, apiVersion: owners.apiVersion, kind: owners.kind },
      { type, reason, message },
    )
  return {
    async create(owner, pod) {
      try {
        const created = pods.wrote(await resource.create(pod))
        say(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`)
        return created
      } catch (error) {
        if (isNamespaceLeaving(error)) return undefined
        say(owner, 'Warning', 'FailedCreate', `Error creating: ${textOf(error)}`)
        throw error
      }
    },
    async delete(owner, pod) {
      const { namespace, name, uid } = pod.metadata
      try {
        const answer = await resource.delete(
          { namespace: namespace!, name: name! },
          { preconditions: { uid: uid! } },
        )
        pods.deleted(pod, answer)
        say(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
      } catch (error) {
        if (isStatus(error, 'NotFound')) return pods.deleted(pod, undefined)
        say(owner, 'Warning', 'FailedDelete', `Error deleting: ${textOf(error)}`)
        throw error
      }
    },
    adopt: (owner, pod) => adopt(options, { ref: PODS, owned: pods }, owner, pod),
    release: (owner, pod) => release(options, { ref: PODS, owned: pods }, owner, pod),
  }
}

export interface Kept {
  ref: ResourceRef
  owned: OwnedObjects
}

/** Asks the server first whether the owner stays: an owner that is being deleted must not take anything over. */
export async function adopt(
  { client, owners }: Pick<ControlOptions, 'client' | 'owners'>,
  { ref, owned }: Kept,
  owner: KubeObject,
  object: KubeObject,
): Promise<void> {
  const { namespace = '', name = '', uid } = owner.metadata
  const fresh = await getIfPresent(client.resource(owners), { namespace, name })
  if (fresh?.metadata.uid !== uid || fresh?.metadata.deletionTimestamp !== undefined) {
    throw conflict({ group: owners.group, resource: owners.plural, name }, 'it is gone or being deleted')
  }
  const ownerReferences = [controllerReference(owner, owners)]
  await patchOwned(client, { ref, owned }, object, ownerReferences)
}

export async function release(
  { client }: Pick<ControlOptions, 'client'>,
  kept: Kept,
  owner: KubeObject,
  object: KubeObject,
): Promise<void> {
  await patchOwned(client, kept, object, [{ $patch: 'delete', uid: owner.metadata.uid }])
}

/** The uid is the precondition: an object of that name that was made anew is left alone. */
async function patchOwned(
  client: Client,
  { ref, owned }: Kept,
  object: KubeObject,
  ownerReferences: object[],
) {
  const { namespace, name, uid } = object.metadata
  const body = { metadata: { uid, ownerReferences } }
  try {
    const key = { namespace: namespace!, name: name! }
    owned.wrote(await client.resource(ref).patch(key, { type: 'strategic', body }))
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
    owned.deleted(object, undefined)
  }
}

/** Nothing can be made in a namespace that is being emptied; that is no failure. */
export function isNamespaceLeaving(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false
  return error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
