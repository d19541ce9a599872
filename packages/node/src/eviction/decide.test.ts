import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import {
  decideEviction,
  decideLimits,
  hasDiskLimits,
  isCritical,
  PRESSURE_STAYS_MS,
  pressureAfter,
  ranked,
} from './decide.ts'
import { type PodUsage, requestOf } from './pod-usage.ts'
import { amountText, observe, type Shortage, shortages, shortageText } from './signals.ts'

const MI = 1024 * 1024
const GI = 1024 * MI
const FS = {
  capacityBytes: 100 * GI,
  availableBytes: 50 * GI,
  usedBytes: 50 * GI,
  inodes: 1000,
  inodesFree: 500,
}
const NODE = { memoryCapacityBytes: 4 * GI, workingSetBytes: GI, maxProcesses: 1000, processes: 100 }
const found = (
  node: Partial<typeof NODE> = {},
  nodeFs: Partial<typeof FS> = {},
  imageFs: Partial<typeof FS> = {},
) =>
  shortages(
    observe({ node: { ...NODE, ...node }, nodeFs: { ...FS, ...nodeFs }, imageFs: { ...FS, ...imageFs } }),
  )
const signals = (shortage: Shortage[]) => shortage.map(({ signal }) => signal)

test('a node with enough of everything has no shortage', () => {
  assert.deepEqual(found(), [])
  assert.deepEqual(found({ workingSetBytes: 4 * GI - 100 * MI }), [])
})

test('each threshold is crossed when less than it is left, memory first', () => {
  assert.deepEqual(signals(found({ workingSetBytes: 4 * GI - 100 * MI + 1 })), ['memory.available'])
  assert.deepEqual(signals(found({ processes: 951 })), ['pid.available'])
  const full = { availableBytes: 9 * GI, inodesFree: 49 }
  assert.deepEqual(signals(found({ workingSetBytes: 4 * GI }, full, { availableBytes: 14 * GI })), [
    'memory.available',
    'nodefs.available',
    'nodefs.inodesFree',
    'imagefs.available',
  ])
})

test('a file system that has no inodes to count has no shortage of them', () => {
  assert.deepEqual(found({}, { inodes: 0, inodesFree: 0 }), [])
})

test('a shortage is told in a sentence with amounts that can be read', () => {
  const [imagefs] = found({}, {}, { availableBytes: 12.5 * GI })
  assert.equal(shortageText(imagefs!), 'imagefs.available is 12Gi, less than 15Gi')
  assert.equal(amountText('memory', 80 * MI), '80Mi')
  assert.equal(amountText('memory', 1.5 * GI), '1536Mi')
  assert.equal(amountText('inodes', 7.9), '7')
})

test('pressure stays for five minutes after it was last seen, and a clock that is set does not make it last', () => {
  const text = 'x'
  const first = pressureAfter({}, [{ kind: 'disk', text }], 1000)
  assert.deepEqual(pressureAfter(first, [], 1000 + PRESSURE_STAYS_MS - 1), first)
  assert.deepEqual(pressureAfter(first, [], 1000 + PRESSURE_STAYS_MS), {})
  assert.deepEqual(pressureAfter(first, [], 1000 - PRESSURE_STAYS_MS), {})
  assert.deepEqual(Object.keys(pressureAfter(first, [{ kind: 'memory', text }], 2000)), ['memory', 'disk'])
})

interface Of {
  memory?: number
  request?: string
  disk?: number
  processes?: number
  priority?: number
  spec?: object
  volumes?: Record<string, number>
  annotations?: Record<string, string>
}
function usage(name: string, of: Of): PodUsage {
  const resources = { requests: { memory: of.request ?? '0' } }
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(of.annotations === undefined ? {} : { annotations: of.annotations }) },
    spec: { priority: of.priority ?? 0, containers: [{ name: 'c', resources }], ...of.spec },
  }
  const volumes = Object.entries(of.volumes ?? {}).map(
    ([volume, bytes]) => [volume, { bytes, inodes: 1 }] as const,
  )
  const container = { name: 'c', memoryBytes: of.memory ?? 0, diskBytes: of.disk ?? 0, inodes: 0 }
  return {
    pod,
    memoryBytes: of.memory ?? 0,
    processes: of.processes ?? 0,
    containers: [container],
    volumes: new Map(volumes),
  }
}
const names = (pods: PodUsage[]) => pods.map(({ pod }) => pod.metadata.name)
const [MEMORY] = found({ workingSetBytes: 4 * GI - 80 * MI })
const [DISK] = found({}, { availableBytes: GI })
const [PIDS] = found({ processes: 990 })

test('pods over their requests go first, then the less important, then those that are furthest over', () => {
  const pods = [
    usage('within', { memory: 100, request: '200', priority: -10 }),
    usage('little', { memory: 150, request: '100' }),
    usage('much', { memory: 900, request: '100' }),
    usage('important', { memory: 5000, priority: 1000 }),
    usage('unimportant', { memory: 110, request: '100', priority: -1 }),
  ]
  assert.deepEqual(names(ranked(MEMORY!, pods)), ['unimportant', 'much', 'little', 'important', 'within'])
})

test('disk counts volumes too, and processes only priority and number', () => {
  const disk = [usage('a', { disk: 100 }), usage('b', { disk: 10, volumes: { v: 500 } })]
  assert.deepEqual(names(ranked(DISK!, disk)), ['b', 'a'])
  const pids = [
    usage('many', { processes: 50 }),
    usage('few', { processes: 2, priority: -1 }),
    usage('most', { processes: 90 }),
  ]
  assert.deepEqual(names(ranked(PIDS!, pids)), ['few', 'most', 'many'])
})

test('the message says what was short, and what each container had of it', () => {
  const eviction = decideEviction(MEMORY!, [usage('p', { memory: 500 * MI, request: '100Mi' })])
  assert.equal(
    eviction?.message,
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi. ' +
      'Container c was using 500Mi, request is 100Mi, has larger consumption of memory. ',
  )
  assert.equal(eviction?.signal, 'memory.available')
})

test('static pods and pods of critical priority are never evicted', () => {
  const pods = [
    usage('static', { memory: GI, annotations: { 'kubernetes.io/config.source': 'file' } }),
    usage('critical', { memory: GI, priority: 2_000_001_000 }),
  ]
  assert.equal(decideEviction(MEMORY!, pods), undefined)
  assert.equal(decideEviction(MEMORY!, [...pods, usage('p', {})])?.pod.metadata.name, 'p')
})

test('an emptyDir, a pod or a container that takes more of the disk than it may is told so', () => {
  const limits = { resources: { limits: { 'ephemeral-storage': '1Ki' } } }
  const messages = (of: Of) => decideLimits([usage('p', of)]).map(({ message }) => message)
  const volumes = [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }]
  assert.deepEqual(messages({ spec: { containers: [], volumes }, volumes: { v: MI } }), [])
  assert.deepEqual(messages({ spec: { containers: [], volumes }, volumes: { v: MI + 1 } }), [
    'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ',
  ])
  assert.deepEqual(messages({ spec: { containers: [{ name: 'c', ...limits }] }, disk: 1025 }), [
    'Pod ephemeral local storage usage exceeds the total limit of containers 1Ki. ',
  ])
  const two = {
    containers: [
      { name: 'c', ...limits },
      { name: 'd', resources: { limits: { 'ephemeral-storage': '1Gi' } } },
    ],
  }
  assert.deepEqual(messages({ spec: two, disk: 1025 }), [
    'Container c exceeded its local ephemeral storage limit "1Ki". ',
  ])
  assert.deepEqual(messages({ disk: GI }), [])
})

test('a pod without such limits is not measured', () => {
  const pod = (spec: object) => usage('p', { spec }).pod
  assert.equal(hasDiskLimits(pod({ volumes: [{ name: 'v', emptyDir: {} }] })), false)
  assert.equal(hasDiskLimits(pod({ volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }] })), true)
})

test('never a critical pod, never one within its request while another is over its own (seed 7)', () => {
  const random = seededRandom(7)
  for (let round = 0; round < 500; round++) {
    const pods = Array.from({ length: random.below(8) }, (_, at) =>
      usage(`p${at}`, {
        memory: random.below(1000),
        request: String(random.below(1000)),
        priority: random.pick([0, 0, -5, 100, 2_000_000_000]),
        ...(random.chance(0.2) ? { annotations: { 'kubernetes.io/config.source': 'file' } } : {}),
      }),
    )
    const eviction = decideEviction(MEMORY!, pods)
    const eligible = pods.filter(({ pod }) => !isCritical(pod))
    assert.equal(eviction === undefined, eligible.length === 0)
    if (eviction === undefined) continue
    assert.equal(isCritical(eviction.pod), false)
    const isOver = ({ pod, memoryBytes }: PodUsage) => memoryBytes > requestOf(pod, 'memory')
    const chosen = pods.find(({ pod }) => pod === eviction.pod)!
    if (eligible.some(isOver)) assert.ok(isOver(chosen))
    const equals = eligible.filter((other) => isOver(other) === isOver(chosen))
    const priority = (of: PodUsage) => of.pod['spec'].priority
    assert.ok(equals.every((other) => priority(other) >= priority(chosen)))
  }
})
