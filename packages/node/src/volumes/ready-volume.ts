// Making one volume of a pod ready, whatever its kind.

import { existsSync } from 'node:fs'
import { chmod, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PROVISIONED_BY, PROVISIONER } from '@brume/api/local-volumes'
import type { KubeObject } from '@brume/api/object'
import type { Json } from '@brume/api/validate/json'
import type { Clock } from '@brume/base/clock'
import type { Client } from '@brume/client/client'
import type { NodeSettings } from '../containers/settings.ts'
import type { NodeDirs } from '../contract.ts'
import { writePayload } from './atomic-writer.ts'
import { boundVolume } from './claims.ts'
import { ensureEmptyDir } from './empty-dir.ts'
import { ensureHostPath } from './host-path.ts'
import { makeNestedMountPoints } from './nested-mounts.ts'
import { giveToGroup } from './ownership.ts'
import { volumeDir } from './paths.ts'
import { payloadDigest } from './payload.ts'
import { type PayloadContext, payloadOf, payloadPlugin } from './payload-of.ts'

export interface ReadyVolume {
  /** On the node. */
  path: string
  readOnly: boolean
  /** A device, for volumeDevices. */
  block: boolean
}

export interface VolumeContext extends PayloadContext {
  dirs: Pick<NodeDirs, 'root' | 'pods'>
  client: Client
  clock: Clock
  settings: NodeSettings
  /** Digests of what this agent wrote, by volume of the pod. */
  written: Map<string, string>
  /** The volumes were made before: a look at the top of each is enough to see whose it is. */
  again?: boolean
}

/** What this node does not know how to mount. */
export class UnknownVolumeError extends Error {
  override name = 'UnknownVolumeError'
}

/** Idempotent. Throws errors of all that takes part. */
export async function readyVolume(volume: Json, context: VolumeContext): Promise<ReadyVolume> {
  const { pod, dirs, settings } = context
  const { name, emptyDir, hostPath } = volume
  if (payloadPlugin(volume) !== undefined) return writtenVolume(volume, context)
  if (emptyDir) {
    const path = volumeDir(dirs, pod.metadata.uid ?? '', 'empty-dir', name)
    await ensureEmptyDir(path, emptyDir, pod, settings)
    return { path, readOnly: false, block: false }
  }
  if (hostPath) {
    await ensureHostPath(hostPath.path, hostPath.type ?? '')
    return { path: hostPath.path, readOnly: false, block: false }
  }
  if (volume.persistentVolumeClaim || volume.ephemeral) return claimedVolume(volume, context)
  throw new UnknownVolumeError(`volumes of the kind ${kindOf(volume)} cannot be mounted on this node`)
}

/** Files from the API, made or brought up to date in one step, whatever is there. */
export async function writtenVolume(volume: Json, context: VolumeContext): Promise<ReadyVolume> {
  const { pod, dirs, clock } = context
  const path = volumeDir(dirs, pod.metadata.uid ?? '', payloadPlugin(volume)!, volume.name)
  const payload = await payloadOf(volume, context)
  context.written.delete(volume.name)
  await mkdir(path, { recursive: true, mode: 0o755 })
  await chmod(path, 0o777)
  await makeNestedMountPoints(path, pod, volume.name)
  await writePayload(path, payload, { clock, gid: pod['spec'].securityContext?.fsGroup })
  context.written.set(volume.name, payloadDigest(payload))
  return { path, readOnly: true, block: false }
}

/**
 * Looks at the files only when they are other ones than those that were written. A volume that was not made yet, for what
 * it needs is missing, is left to the start of its pod, which says so.
 */
export async function refreshVolume(volume: Json, context: VolumeContext): Promise<void> {
  const { dirs, pod } = context
  if (!existsSync(volumeDir(dirs, pod.metadata.uid ?? '', payloadPlugin(volume)!, volume.name))) return
  const payload = await payloadOf(volume, context)
  if (context.written.get(volume.name) === payloadDigest(payload)) return
  await writtenVolume(volume, context)
}

async function claimedVolume(source: Json, context: VolumeContext): Promise<ReadyVolume> {
  const { client, pod, dirs } = context
  const { volume, readOnly } = await boundVolume(client, pod, source)
  const { spec } = volume
  const block = spec['volumeMode'] === 'Block'
  if (spec['hostPath']) {
    const { path, type = '' } = spec['hostPath']
    const isOwn = isProvisioned(volume) && path.startsWith(join(dirs.root, '/'))
    // A volume of Brume's own is empty at first and there for any user; what others offer stays as they made it.
    await ensureHostPath(path, type, isOwn ? 0o777 : undefined)
    if (isOwn) await applyGroup(path, context)
    return { path, readOnly, block }
  }
  if (spec['local']) {
    const { path } = spec['local']
    await checkLocal(path, block)
    if (!block && !readOnly) await applyGroup(path, context)
    return { path, readOnly, block }
  }
  throw new UnknownVolumeError(
    `persistent volume ${volume.metadata.name} is of the kind ${kindOf(spec)}, which cannot be mounted on this node`,
  )
}

/** Throws Error for what is not there, or is of another kind than the volume's mode says. */
async function checkLocal(path: string, block: boolean): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error(`path ${JSON.stringify(path)} does not exist`)
    throw error
  })
  if (block && !found.isBlockDevice()) throw new Error(`local volume ${path} is not a block device`)
  if (block || found.isDirectory()) return
  throw new UnknownVolumeError(
    `local volume ${path} is not a directory: this node mounts no file systems of devices`,
  )
}

async function applyGroup(path: string, { pod, again = false }: VolumeContext): Promise<void> {
  const { fsGroup, fsGroupChangePolicy = 'Always' } = pod['spec'].securityContext ?? {}
  if (fsGroup !== undefined) await giveToGroup(path, fsGroup, again ? 'OnRootMismatch' : fsGroupChangePolicy)
}

function isProvisioned({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[PROVISIONED_BY] === PROVISIONER
}

/** Fields of a persistent volume that are not its source. */
const NOT_SOURCES = [
  'name',
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
]

function kindOf(fields: Json): string {
  return Object.keys(fields).find((name) => !NOT_SOURCES.includes(name)) ?? '(none)'
}
