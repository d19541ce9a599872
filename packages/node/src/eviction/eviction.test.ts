import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { type FakeClock, fakeClock } from '@brume/client/testing/fake-clock'
import { eventually } from '@brume/testkit/eventually'
import { type ImageGc, imageGc } from '../images/image-gc.ts'
import type { PodSample, Sample } from '../stats/sample.ts'
import { volumeUsages } from '../stats/volume-usage.ts'
import { type TestNodeContext, testNodeContext } from '../testing/node-context.ts'
import { type ScriptedRuntime, startScriptedRuntime } from '../testing/scripted-runtime.ts'
import { podDir, volumeDir } from '../volumes/paths.ts'
import { type NodeEviction, startEviction } from './eviction.ts'
import type { Observed } from './signals.ts'
import { type EvictionSettings, evictionSettings } from './thresholds.ts'

const GI = 1024 ** 3
const FS = { capacityBytes: 100 * GI, availableBytes: 50 * GI, usedBytes: 0, inodes: 1000, inodesFree: 500 }
const FINE: Observed = {
  node: { memoryCapacityBytes: 4 * GI, workingSetBytes: GI, maxProcesses: 1000, processes: 100 },
  nodeFs: FS,
  imageFs: FS,
}
const FULL: Observed = { ...FINE, imageFs: { ...FS, availableBytes: GI } }
const podOf = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name, uid: name },
  spec: { containers: [{ name: 'c' }], ...spec },
})

describe('a node that runs short', { timeout: 60_000 }, () => {
  let folder: string
  let runtime: ScriptedRuntime
  let clock: FakeClock
  let context: TestNodeContext
  let eviction: NodeEviction
  let state: Observed
  let pods: KubeObject[]
  let condemned: { uid: string; message: string; graceSeconds: number }[]
  let settings: EvictionSettings
  let elapsedMs: number
  let turns: number
  let images: ImageGc
  let looks: number

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'brume-eviction-'))
    runtime = await startScriptedRuntime({ ListContainers: () => ({}), ListPodSandbox: () => ({}) })
  })
  after(async () => {
    await eviction?.stop()
    await runtime?.stop()
    rmSync(folder, { recursive: true })
  })
  beforeEach(async () => {
    await eviction?.stop()
    clock = fakeClock()
    context = testNodeContext({ root: folder, cri: runtime.cri, clock })
    condemned = []
    turns = 0
    looks = 0
    elapsedMs = 0
    settings = evictionSettings({})
    state = FINE
    pods = [podOf('a'), podOf('b')]
    const sample = (): Sample =>
      ({
        pods: pods.map((pod, at): Partial<PodSample> => {
          const usage = { workingSetBytes: at + 1, processes: 1 } as PodSample['usage']
          return { pod, usage, containers: [], volumes: new Map(), claims: [] }
        }),
      }) as Sample
    images = imageGc(context, async () => ({ capacityBytes: 1, availableBytes: 1 }))
    eviction = startEviction(context, {
      stats: { current: async () => ({ sample: sample(), rates: new Map() }) },
      volumes: volumeUsages(context),
      pods: () => pods,
      condemn: (uid, { message, graceSeconds }) => void condemned.push({ uid, message, graceSeconds }),
      imageGc: images,
      collectContainers: async () => {},
      onPressure: () => void turns++,
      get settings() {
        return settings
      },
      monotonicNow: () => elapsedMs,
      look: async () => {
        looks++
        return state
      },
    })
  })
  /** One period, and everything that it begins. */
  async function look(): Promise<void> {
    const from = looks
    elapsedMs += 10_000
    await clock.advance(10_000)
    await eventually('the look', () => looks > from && clock.timers > 0)
  }

  it('says nothing and does nothing while there is enough', async () => {
    await look()
    assert.deepEqual(eviction.pressure(), {})
    assert.deepEqual(condemned, [])
    assert.equal(turns, 0)
  })

  it('has a condition with the sentence, and ends one pod at a time', async () => {
    state = { ...FINE, node: { ...FINE.node, workingSetBytes: 4 * GI } }
    await look()
    assert.deepEqual(eviction.pressure(), { memory: 'memory.available is 0, less than 100Mi' })
    assert.equal(turns, 1)
    assert.deepEqual(
      condemned.map(({ uid }) => uid),
      ['b'],
    )
    assert.match(condemned[0]!.message, /^The node was low on resource: memory\./)
    assert.ok(context.events.some(({ reason }) => reason === 'EvictionThresholdMet'))
    assert.ok(
      context.events.some(({ reason, subject }) => reason === 'Evicted' && subject.metadata.name === 'b'),
    )
    await look()
    assert.equal(condemned.length, 1, 'the first one is not gone yet')
    pods = [podOf('a')]
    const volume = volumeDir(context.dirs, 'b', 'empty-dir', 'v')
    mkdirSync(volume, { recursive: true })
    await look()
    assert.equal(condemned.length, 1, 'what it had in memory is not free yet')
    rmSync(podDir(context.dirs, 'b'), { recursive: true })
    await look()
    assert.deepEqual(
      condemned.map(({ uid }) => uid),
      ['b', 'a'],
    )
    assert.deepEqual([...eviction.counts()], [['memory.available', 2]])
  })

  it('first takes back images that nobody uses, and ends no pod when that is enough', async () => {
    const removed: unknown[] = []
    runtime.script.ListImages = () => ({ images: [{ id: 'unused', size: 1000 }] })
    runtime.script.RemoveImage = ({ image }) => {
      removed.push(image?.image)
      state = FINE
      return {}
    }
    await images.observe()
    await clock.advance(600_000)
    state = FULL
    await eventually('the image is gone', async () => {
      await look()
      return removed.length > 0
    })
    assert.deepEqual(condemned, [])
    assert.match(eviction.pressure().disk ?? '', /^imagefs\.available is 1024Mi, less than 15Gi$/)
  })

  it('loses its condition five minutes after there was enough again', async () => {
    state = FULL
    await look()
    state = FINE
    await look()
    assert.ok(eviction.pressure().disk)
    await clock.advance(300_000)
    await eventually('no pressure', () => eviction.pressure().disk === undefined)
    assert.equal(turns, 2)
  })

  it('ends a pod that fills its emptyDir beyond its limit', async () => {
    const volumes = [{ name: 'v', emptyDir: { sizeLimit: '1Ki' } }]
    pods = [podOf('a'), podOf('filler', { volumes })]
    const dir = volumeDir(context.dirs, 'filler', 'empty-dir', 'v')
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'data'), Buffer.alloc(100_000))
    await look()
    await eventually('the eviction', () => condemned.length > 0)
    assert.deepEqual(condemned, [
      { uid: 'filler', message: 'Usage of EmptyDir volume "v" exceeds the limit "1Ki". ', graceSeconds: 1 },
    ])
  })

  it('bears a soft threshold for its grace period, says so at once, and gives the pod time to end', async () => {
    const soft = { soft: 'memory.available<2Gi', softGracePeriod: 'memory.available=20s' }
    settings = evictionSettings({ ...soft, maxPodGracePeriod: '7' })
    const scarce = { ...FINE, node: { ...FINE.node, workingSetBytes: 3 * GI } }
    state = scarce
    await look()
    assert.deepEqual(eviction.pressure(), { memory: 'memory.available is 1024Mi, less than 2048Mi' })
    await look()
    assert.equal(condemned.length, 0)
    // It was enough once: the time begins anew.
    state = FINE
    await look()
    state = scarce
    await look()
    await look()
    assert.equal(condemned.length, 0)
    await look()
    assert.deepEqual(
      condemned.map(({ uid, graceSeconds }) => [uid, graceSeconds]),
      [['b', 7]],
    )
    assert.match(condemned[0]!.message, /Threshold quantity: 2048Mi, available: 1024Mi/)
  })

  it('does not wait for a soft threshold when a hard one is crossed too', async () => {
    const flags = { soft: 'memory.available<2Gi', softGracePeriod: 'memory.available=1h' }
    settings = evictionSettings(flags)
    state = { ...FINE, node: { ...FINE.node, workingSetBytes: 4 * GI } }
    await look()
    assert.deepEqual(
      condemned.map(({ uid, graceSeconds }) => [uid, graceSeconds]),
      [['b', 1]],
    )
  })
})
