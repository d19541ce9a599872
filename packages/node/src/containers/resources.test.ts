import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuWeight, podCgroup, podCgroupValues } from './cgroup-config.ts'
import { oomScoreAdj } from './oom-score.ts'
import { containerResourcesOf } from './resources.ts'
import { SETTINGS, testContainer, testPod } from './testing.ts'

const GI = 1024 ** 3
const both = (list: object) => ({ requests: list, limits: list })

const CONTAINERS: [object, object][] = [
  [{}, { cpuQuota: 0, cpuShares: 2, oomScoreAdj: 1000 }],
  [{ requests: { cpu: '1m' } }, { cpuQuota: 0, cpuShares: 2, oomScoreAdj: 999 }],
  [{ requests: { cpu: '250m' } }, { cpuQuota: 0, cpuShares: 256, oomScoreAdj: 999 }],
  [{ limits: { cpu: '1500m' } }, { cpuQuota: 150000, cpuShares: 1536, oomScoreAdj: 999 }],
  [
    { requests: { cpu: '0' }, limits: { cpu: '5m' } },
    { cpuQuota: 1000, cpuShares: 2, oomScoreAdj: 999 },
  ],
  [{ requests: { cpu: '1000' } }, { cpuQuota: 0, cpuShares: 262144, oomScoreAdj: 999 }],
  [
    { requests: { memory: '1Gi' }, limits: { memory: '2Gi' } },
    { cpuQuota: 0, cpuShares: 2, memoryLimitInBytes: 2 * GI, oomScoreAdj: 750 },
  ],
  [
    both({ cpu: '1', memory: '1Gi' }),
    { cpuQuota: 100000, cpuShares: 1024, memoryLimitInBytes: GI, oomScoreAdj: -997 },
  ],
  [{ requests: { memory: '5Gi' } }, { cpuQuota: 0, cpuShares: 2, oomScoreAdj: 3 }],
]

for (const [resources, expected] of CONTAINERS) {
  test(`a container of ${JSON.stringify(resources)}`, () => {
    const container = testContainer({ resources })
    const found = containerResourcesOf(testPod({ containers: [container] }), container, SETTINGS)
    assert.deepEqual(found, { cpuPeriod: 100000, ...expected })
  })
}

test('on v2 a container that is out of memory goes as a whole, and does not swap', () => {
  const container = testContainer({ resources: { limits: { memory: '1Gi' } } })
  const cgroups = { ...SETTINGS.cgroups, version: 2 as const, swap: true }
  const { unified } = containerResourcesOf(testPod(), container, { ...SETTINGS, cgroups })
  assert.deepEqual(unified, { 'memory.oom.group': '1', 'memory.swap.max': '0' })
})

test('on v1 with swap accounting the limit of memory is that of memory and swap', () => {
  const container = testContainer({ resources: { limits: { memory: '1Gi' } } })
  const cgroups = { ...SETTINGS.cgroups, swap: true }
  assert.equal(
    containerResourcesOf(testPod(), container, { ...SETTINGS, cgroups }).memorySwapLimitInBytes,
    GI,
  )
})

test('huge pages of sizes that are not asked for are limited to nothing', () => {
  const container = testContainer({ resources: both({ 'hugepages-2Mi': '64Mi' }) })
  const cgroups = { ...SETTINGS.cgroups, hugePageSizes: ['2MB', '1GB'] }
  assert.deepEqual(containerResourcesOf(testPod(), container, { ...SETTINGS, cgroups }).hugepageLimits, [
    { pageSize: '2MB', limit: 64 * 1024 ** 2 },
    { pageSize: '1GB', limit: 0 },
  ])
})

test('a sidecar is not killed before the least of the containers that it serves', () => {
  const side = testContainer({ name: 'side', restartPolicy: 'Always', resources: {} })
  const app = testContainer({ resources: { requests: { memory: '1Gi' } } })
  const pod = testPod({ initContainers: [side], containers: [app, { ...app, name: 'b' }] })
  assert.equal(oomScoreAdj(pod, side, 4 * GI), 750)
  assert.equal(oomScoreAdj(pod, { ...side, name: 'not-there' }, 4 * GI), 999)
})

test('what the node itself needs is killed last', () => {
  const pod = testPod({ priority: 2000001000, priorityClassName: 'system-node-critical' })
  assert.equal(oomScoreAdj(pod, testContainer(), GI), -997)
})

const PODS: [string, object[], string, object][] = [
  ['best effort', [{}], 'besteffort/', { cpuShares: 2 }],
  [
    'guaranteed',
    [both({ cpu: '500m', memory: '1Gi' })],
    '',
    { cpuShares: 512, cpuQuotaMicros: 50000, memoryBytes: GI },
  ],
  [
    'burstable with limits everywhere',
    [
      { limits: { cpu: '1', memory: '1Gi' } },
      { requests: { cpu: '100m' }, limits: { cpu: '1', memory: '1Gi' } },
    ],
    'burstable/',
    { cpuShares: 102, cpuQuotaMicros: 200000, memoryBytes: 2 * GI },
  ],
  [
    'burstable with a container that has no limit of memory',
    [{ limits: { cpu: '1', memory: '1Gi' } }, { limits: { cpu: '1' } }],
    'burstable/',
    { cpuShares: 2, cpuQuotaMicros: 200000, memoryBytes: -1 },
  ],
]

for (const [what, containers, dir, values] of PODS) {
  test(`the group of a ${what} pod`, () => {
    const pod = testPod({
      containers: containers.map((resources, i) => testContainer({ name: `c${i}`, resources })),
    })
    assert.equal(podCgroup('/brume/kubepods', pod), `/brume/kubepods/${dir}poduid-1`)
    assert.deepEqual(podCgroupValues(pod), values)
  })
}

test('shares of v1 are weights of v2', () => {
  assert.deepEqual([2, 1024, 262144].map(cpuWeight), [1, 39, 10000])
})

test("the class that the pod's status says stays, whatever a resize did", () => {
  const pod = { ...testPod(), status: { qosClass: 'Burstable' } }
  assert.equal(podCgroup('/r', pod), '/r/burstable/poduid-1')
})
