// A node's volumes for tests: a real control plane, the node's own user, a directory of its own.

import assert from 'node:assert/strict'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '@brume/api/object'
import { silentLogger } from '@brume/base/log'
import { CONFIG_MAPS, NODES, PODS, SECRETS, SERVICE_ACCOUNTS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { mountsBelow } from '@brume/machine/mounts'
import { nodeDirsAt } from '@brume/node/agent/dirs'
import { SETTINGS } from '@brume/node/containers/testing'
import type { Pod, PodProblem } from '@brume/node/contract'
import { keptClock as clock } from '@brume/node/testing/kept-clock'
import { WatchedObjects } from '@brume/node/volumes/object-source'
import { NodeVolumes } from '@brume/node/volumes/pod-volumes'
import { startTestControlPlane } from './control-plane.ts'
import { eventually } from './eventually.ts'
import { nodeTransport } from './node-user.ts'

export const NAMESPACE = 'default'

export const skipVolumes = process.getuid?.() !== 0 && 'needs root'

export type VolumesBench = Awaited<ReturnType<typeof startVolumesBench>>

/** With the ConfigMap `settings` and the Secret `keys`. */
export async function startVolumesBench() {
  const plane = await startTestControlPlane()
  const root = realpathSync(await mkdtemp(join(tmpdir(), 'brume-volumes-')))
  const dirs = nodeDirsAt(join(root, 'node'))
  const client = new Client({ transport: await nodeTransport(plane, 'n1') })
  const objects = new WatchedObjects({ client, clock, logger: silentLogger })
  let count = 0
  const admin = (ref: typeof CONFIG_MAPS) => plane.client.resource(ref)
  const create = (ref: typeof CONFIG_MAPS, kind: string, name: string, fields: object = {}) =>
    admin(ref).create({
      apiVersion: 'v1',
      kind,
      metadata: { name, namespace: NAMESPACE },
      ...fields,
    } as KubeObject)
  /** Of an agent that has just started. */
  const fresh = (at = dirs) =>
    new NodeVolumes({
      context: { client, clock, logger: silentLogger, dirs: at },
      settings: SETTINGS,
      objects,
    })
  const volumes = fresh()
  await plane.client.resource(NODES).create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } })
  await eventually('the service account', () =>
    admin(SERVICE_ACCOUNTS).get({ namespace: NAMESPACE, name: 'default' }),
  )
  await create(CONFIG_MAPS, 'ConfigMap', 'settings', {
    data: { color: 'blue', size: '5' },
    binaryData: { raw: '/+8=' },
  })
  await create(SECRETS, 'Secret', 'keys', { stringData: { token: 's3cret', cert: 'pem' } })

  async function createPod(spec: object): Promise<Pod> {
    const containers = [{ name: 'app', image: 'i', volumeMounts: [] }]
    const pod = await create(PODS, 'Pod', `p-${++count}`, { spec: { nodeName: 'n1', containers, ...spec } })
    objects.register(pod)
    return pod
  }

  return {
    root,
    dirs,
    objects,
    volumes,
    admin,
    create,
    fresh,
    createPod,
    /** The name of the next pod. */
    nextName: () => `p-${count + 1}`,
    /** A pod with one volume, `v`. */
    withVolume: (source: object, spec: object = {}) =>
      createPod({ volumes: [{ name: 'v', ...source }], automountServiceAccountToken: false, ...spec }),
    /** Where the container would find the volume. */
    async pathOf(pod: Pod, mount: object = {}, env: { key: string; value: string }[] = [], from = volumes) {
      const container = { name: 'app', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] }
      const [found] = await from.mountsOf({ pod, container, attempt: 0, podIps: [], env })
      return found!.hostPath!
    },
    /** What the user reads of a pod whose volumes cannot be made. */
    async problemOf(pod: Pod): Promise<string> {
      const error: PodProblem = await volumes.ensure(pod).then(
        () => assert.fail('it should have been refused'),
        (caught) => caught,
      )
      assert.equal(error.reason, 'FailedMount', String(error.stack))
      return error.message
    },
    async stop() {
      await volumes.removeAll()
      await objects.stop()
      client.transport.close()
      await plane.stop()
      assert.deepEqual(mountsBelow(root), [])
      await rm(root, { recursive: true, force: true })
    },
  }
}

export const readIn = (dir: string, name: string) => readFileSync(join(dir, name), 'utf8')
export const modeOf = (path: string) => statSync(path).mode & 0o7777
