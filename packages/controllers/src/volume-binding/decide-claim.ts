// One claim: find it a volume, or say what it waits for; once it is bound, notice when its volume is lost.

import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import { isReservedFor, matchingVolume, mismatch, storageClassOf } from '@brume/scheduler/volume-match'
import { SELECTED_NODE } from '@brume/scheduler/volumes'
import { BOUND_BY_CONTROLLER, reservedFor } from './reserve.ts'

export interface ObservedClaim {
  claim: KubeObject
  /** The volume that it names. */
  volume: KubeObject | undefined
  volumes: readonly KubeObject[]
  /** The class that it names. */
  storageClass: KubeObject | undefined
  /** The class of claims that name none. */
  defaultClass: string | undefined
}

export type VolumeAction =
  | { type: 'reserve'; volume: KubeObject }
  | { type: 'unreserve'; volume: KubeObject; claimRef: object | null }
  | { type: 'volumePhase'; volume: KubeObject; phase: string; message?: string }
  | { type: 'patchClaim'; claim: KubeObject; annotations?: Record<string, string>; spec?: object }
  | { type: 'claimStatus'; claim: KubeObject; status: object }
  | { type: 'say'; about: KubeObject; kind: 'Normal' | 'Warning'; reason: string; message: string }

const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
const PROVISIONERS = [
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
]
const NO_PROVISIONER = 'kubernetes.io/no-provisioner'

export function decideClaim(observed: ObservedClaim): Plan<VolumeAction> {
  const { claim } = observed
  const isComplete = claim.metadata.annotations?.[BIND_COMPLETED] !== undefined
  return { actions: isComplete ? boundClaim(observed) : unboundClaim(observed) }
}

function unboundClaim(observed: ObservedClaim): VolumeAction[] {
  const { claim, volume, volumes, storageClass, defaultClass } = observed
  if (claim['spec'].volumeName) return namedVolume(claim, volume)
  if (claim.metadata.deletionTimestamp !== undefined) return []
  if (claim['spec'].storageClassName === undefined && defaultClass !== undefined) {
    return [{ type: 'patchClaim', claim, spec: { storageClassName: defaultClass } }]
  }
  const isDelayed =
    storageClass?.['volumeBindingMode'] === 'WaitForFirstConsumer' &&
    claim.metadata.annotations?.[SELECTED_NODE] === undefined
  const found = matchingVolume(claim, volumes, { isDelayed })
  if (found !== undefined) return bind(claim, found)
  if (isDelayed) {
    return [
      ...pending(claim),
      say(claim, 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding'),
    ]
  }
  return [...pending(claim), ...whatIsMissing(observed)]
}

/** The claim, or whoever bound it halfway, named its volume. */
function namedVolume(claim: KubeObject, volume: KubeObject | undefined): VolumeAction[] {
  if (volume === undefined) return pending(claim)
  if (volume['spec'].claimRef === undefined) {
    const why = mismatch(volume, claim)
    if (why === undefined) return bind(claim, volume)
    const message = `Cannot bind to requested volume "${volume.metadata.name}": ${why}`
    return [...pending(claim), { ...say(claim, 'VolumeMismatch', message), kind: 'Warning' }]
  }
  if (isReservedFor(volume, claim)) return bind(claim, volume)
  const message = `volume "${volume.metadata.name}" already bound to a different claim.`
  return [...pending(claim), { ...say(claim, 'FailedBinding', message), kind: 'Warning' }]
}

function boundClaim({ claim, volume }: ObservedClaim): VolumeAction[] {
  if (!claim['spec'].volumeName) {
    return lost(
      claim,
      'ClaimLost',
      'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    )
  }
  if (volume === undefined) {
    return lost(claim, 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
  }
  if (volume['spec'].claimRef === undefined || isReservedFor(volume, claim)) return bind(claim, volume)
  const message = 'Two claims are bound to the same volume, this one is bound incorrectly'
  return lost(claim, 'ClaimMisbound', message)
}

/** The volume first: from then on nobody else can have it. Every step that is done already is left out. */
function bind(claim: KubeObject, volume: KubeObject): VolumeAction[] {
  const actions: VolumeAction[] = []
  const { name } = volume.metadata
  if (volume['spec'].claimRef?.uid !== claim.metadata.uid) {
    actions.push({ type: 'reserve', volume: reservedFor(volume, claim) })
  }
  if (volume['status']?.phase !== 'Bound') actions.push({ type: 'volumePhase', volume, phase: 'Bound' })
  const isNamed = claim['spec'].volumeName === name
  const isComplete = claim.metadata.annotations?.[BIND_COMPLETED] !== undefined
  if (!isNamed || !isComplete) {
    const annotations = { [BIND_COMPLETED]: 'yes', ...(isNamed ? {} : { [BOUND_BY_CONTROLLER]: 'yes' }) }
    actions.push({
      type: 'patchClaim',
      claim,
      annotations,
      ...(isNamed ? {} : { spec: { volumeName: name } }),
    })
  }
  if (claim['status']?.phase !== 'Bound') {
    const { accessModes, capacity } = volume['spec']
    actions.push({ type: 'claimStatus', claim, status: { phase: 'Bound', accessModes, capacity } })
  }
  return actions
}

/** A provisioner of its class makes the volume, or a person does. */
function whatIsMissing({ claim, storageClass }: ObservedClaim): VolumeAction[] {
  const name = storageClassOf(claim)
  if (name === '') {
    const message = 'no persistent volumes available for this claim and no storage class is set'
    return [say(claim, 'FailedBinding', message)]
  }
  if (storageClass === undefined) {
    const message = `storageclass.storage.k8s.io "${name}" not found`
    return [{ ...say(claim, 'ProvisioningFailed', message), kind: 'Warning' }]
  }
  const provisioner: string = storageClass['provisioner']
  if (provisioner === NO_PROVISIONER) {
    const message = `no persistent volume of class ${name} suits the claim, and the class makes none`
    return [{ ...say(claim, 'ProvisioningFailed', message), kind: 'Warning' }]
  }
  const known = claim.metadata.annotations ?? {}
  const annotations = Object.fromEntries(PROVISIONERS.map((key) => [key, provisioner]))
  const isSaid = PROVISIONERS.every((key) => known[key] === provisioner)
  const message = `Waiting for the provisioner '${provisioner}', or a person, to create a volume for the claim; if none comes, see whether the provisioner runs.`
  return [
    ...(isSaid ? [] : [{ type: 'patchClaim' as const, claim, annotations }]),
    say(claim, 'ExternalProvisioning', message),
  ]
}

function pending(claim: KubeObject): VolumeAction[] {
  if (claim['status']?.phase === 'Pending') return []
  return [{ type: 'claimStatus', claim, status: { phase: 'Pending' } }]
}

/** Said once, when it happens. */
function lost(claim: KubeObject, reason: string, message: string): VolumeAction[] {
  if (claim['status']?.phase === 'Lost') return []
  return [
    { type: 'claimStatus', claim, status: { phase: 'Lost', accessModes: null, capacity: null } },
    { ...say(claim, reason, message), kind: 'Warning' },
  ]
}

function say(about: KubeObject, reason: string, message: string) {
  return { type: 'say' as const, about, kind: 'Normal' as const, reason, message }
}
