// The calls of the StatefulSet controller.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { EventRecorder } from '@brume/client/event-recorder'
import { actOnRevision } from '../pod-control/act-history.ts'
import type { OwnedObjects } from '../pod-control/owner.ts'
import { adopt, isNamespaceLeaving, release, textOf } from '../pod-control/pod-control.ts'
import type { StatefulSetAction } from './decide.ts'
import { SET_KIND } from './identity.ts'

export interface ActOptions {
  client: Client
  events: EventRecorder
  pods: OwnedObjects
  revisions: OwnedObjects
  claims: OwnedObjects
}

export async function actOnStatefulSet(options: ActOptions, action: StatefulSetAction): Promise<void> {
  const { client, pods, revisions, claims } = options
  const { set } = action
  const owners = { client, owners: { ...STATEFUL_SETS, ...SET_KIND } }
  switch (action.type) {
    case 'adopt':
      return adopt(owners, { ref: PODS, owned: pods }, set, action.pod)
    case 'release':
      return release(owners, { ref: PODS, owned: pods }, set, action.pod)
    case 'adoptRevision':
      return adopt(owners, { ref: CONTROLLER_REVISIONS, owned: revisions }, set, action.revision)
    case 'createRevision':
    case 'updateRevision':
    case 'deleteRevision':
      return actOnRevision(client, revisions, action)
    case 'setStatus':
      await client.resource(STATEFUL_SETS).updateStatus({ ...set, status: action.status })
      return
    case 'createClaim':
    case 'updateClaim': {
      const { claim, pod, type } = action
      const resource = client.resource(PERSISTENT_VOLUME_CLAIMS)
      const subject = `Claim ${claim.metadata.name} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
      if (type === 'updateClaim') claims.wrote(await resource.update(claim))
      else
        await told(
          options,
          set,
          { verb: 'create', subject },
          async () => void claims.wrote(await resource.create(claim)),
        )
      return
    }
    case 'createPod':
      return told(options, set, { verb: 'create', subject: subjectOf(set, action.pod) }, async () => {
        pods.wrote(await client.resource(PODS).create(action.pod))
      })
    case 'updatePod':
      pods.wrote(await client.resource(PODS).update(action.pod))
      return
    case 'deletePod':
      return told(options, set, { verb: 'delete', subject: subjectOf(set, action.pod) }, () =>
        deletePod(options, action.pod),
      )
  }
}

async function deletePod({ client, pods }: ActOptions, pod: KubeObject): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  const key = { namespace: namespace!, name: name! }
  try {
    pods.deleted(pod, await client.resource(PODS).delete(key, { preconditions: { uid: uid! } }))
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
    pods.deleted(pod, undefined)
  }
}

/** The call with its event. */
async function told(
  { events }: ActOptions,
  set: KubeObject,
  { verb, subject }: { verb: 'create' | 'delete'; subject: string },
  call: () => Promise<void>,
): Promise<void> {
  const say = (type: 'Normal' | 'Warning', outcome: string) => {
    const reason = `${type === 'Normal' ? 'Successful' : 'Failed'}${verb === 'create' ? 'Create' : 'Delete'}`
    void events.record({ ...set, ...SET_KIND }, { type, reason, message: `${verb} ${subject} ${outcome}` })
  }
  try {
    await call()
    say('Normal', subject.startsWith('Claim') ? 'success' : 'successful')
  } catch (error) {
    if (isNamespaceLeaving(error)) return
    say('Warning', `failed error: ${textOf(error)}`)
    throw error
  }
}

function subjectOf(set: KubeObject, pod: KubeObject): string {
  return `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
}
