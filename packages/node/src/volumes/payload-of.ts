// What the agent has to write for each kind of volume whose files come from the API.

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'
import type { NodeSettings } from '../containers/settings.ts'
import type { ObjectSource, Pod } from '../contract.ts'
import { downwardPayload } from './downward-payload.ts'
import { keyedPayload } from './keyed-payload.ts'
import type { VolumePlugin } from './paths.ts'
import { DEFAULT_MODE, type Payload } from './payload.ts'
import type { PodTokens } from './tokens.ts'

export interface PayloadContext {
  pod: Pod
  objects: Pick<ObjectSource, 'get'>
  tokens: PodTokens
  settings: Pick<NodeSettings, 'allocatable' | 'hostIps'>
}

/** An object that is referred to and does not exist, or a source that this node does not know. */
export class MissingSourceError extends Error {
  override name = 'MissingSourceError'
}

/** undefined: the volume's files do not come from the API. */
export function payloadPlugin(volume: Json): VolumePlugin | undefined {
  if (volume.configMap) return 'configmap'
  if (volume.secret) return 'secret'
  if (volume.downwardAPI) return 'downward-api'
  return volume.projected ? 'projected' : undefined
}

/** `volume`: one for which payloadPlugin gives a plugin. Throws what its sources throw. */
export async function payloadOf(volume: Json, context: PayloadContext): Promise<Payload> {
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap) return keyed('ConfigMap', configMap.name, configMap, modeOf(configMap), context)
  if (secret) return keyed('Secret', secret.secretName, secret, modeOf(secret), context)
  if (downwardAPI) {
    return downwardPayload(downwardAPI.items, context.pod, modeOf(downwardAPI), context.settings)
  }
  const payload: Payload = new Map()
  for (const source of listOf(projected.sources)) {
    for (const [path, file] of await ofSource(source, modeOf(projected), context)) payload.set(path, file)
  }
  return payload
}

async function ofSource(source: Json, defaultMode: number, context: PayloadContext): Promise<Payload> {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle } = source
  const { pod, settings } = context
  if (configMap) return keyed('ConfigMap', configMap.name, configMap, defaultMode, context)
  if (secret) return keyed('Secret', secret.name, secret, defaultMode, context)
  if (downwardAPI) return downwardPayload(downwardAPI.items, pod, defaultMode, settings)
  if (serviceAccountToken) return tokenFile(serviceAccountToken, defaultMode, context)
  if (clusterTrustBundle?.optional === true) return new Map()
  const what = clusterTrustBundle ? 'clusterTrustBundle' : Object.keys(source).join(', ')
  throw new MissingSourceError(`projected volumes cannot have the source ${what} on this node`)
}

async function keyed(
  kind: 'ConfigMap' | 'Secret',
  name: string,
  { items, optional }: Json,
  defaultMode: number,
  { pod, objects }: PayloadContext,
): Promise<Payload> {
  const isOptional = optional === true
  const object: KubeObject | undefined = await objects.get(kind, pod.metadata.namespace ?? '', name)
  if (object === undefined && !isOptional) {
    throw new MissingSourceError(`${kind.toLowerCase()} ${JSON.stringify(name)} not found`)
  }
  return keyedPayload({ kind, object, items, defaultMode, optional: isOptional })
}

/** For the pod's user alone, where all its containers run as the same one; its group may read it by fsGroup. */
async function tokenFile(
  source: Json,
  defaultMode: number,
  { pod, tokens }: PayloadContext,
): Promise<Payload> {
  const { path, audience = '', expirationSeconds } = source
  const token = await tokens.get(pod, { audience, expirationSeconds })
  const uid = onlyUser(pod)
  const { fsGroup } = pod['spec'].securityContext ?? {}
  const mode = uid === undefined && fsGroup === undefined ? defaultMode : 0o600
  return new Map([[path, { data: Buffer.from(token), mode, ...(uid === undefined ? {} : { uid }) }]])
}

/** The user of all containers, if there is one that all of them name. */
function onlyUser({ spec }: Pod): number | undefined {
  const ofPod = spec['securityContext']?.runAsUser
  const all = [spec['initContainers'], spec['containers'], spec['ephemeralContainers']].flatMap(listOf)
  const users = new Set(all.map(({ securityContext }) => securityContext?.runAsUser ?? ofPod))
  return users.size === 1 ? [...users][0] : undefined
}

function modeOf({ defaultMode }: Json): number {
  return defaultMode ?? DEFAULT_MODE
}
