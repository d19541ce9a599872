import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { decideRegistration, REPORT_EVERY_MS, type RegistrationAction } from './decide.ts'
import type { MachineFacts } from './machine-facts.ts'
import { type NodeReport, statusOf } from './node-object.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const GI = 1024 ** 3
const FACTS: MachineFacts = {
  hostname: 'box',
  arch: 'amd64',
  address: '192.0.2.7',
  cpus: 2,
  memoryBytes: 4 * GI,
  hugepages: { 'hugepages-2Mi': 512 * 1024 * 1024, 'hugepages-1Gi': 0 },
  diskBytes: 100 * GI,
  kernelVersion: '6.1.0',
  osImage: 'Debian GNU/Linux 12 (bookworm)',
  machineId: 'm',
  bootId: 'b1',
  systemUuid: 's',
}
const REPORT: NodeReport = {
  facts: FACTS,
  runtimeVersion: 'containerd://1.6.20',
  kubeletVersion: 'v1.32.3+brume-0.1.0',
  kubeletPort: 10250,
  maxPods: 110,
  reserved: { cpuMillis: 100, memoryBytes: GI, diskBytes: 10 * GI },
  images: [],
  health: { problems: [], pressure: {} },
}
const INITIAL = { labels: { 'brume.dev/group': 'a', 'kubernetes.io/os': 'plan9' }, taints: [] }

const decide = (node: KubeObject | undefined, report = REPORT, now = NOW) =>
  decideRegistration({ name: 'n1', node, report, initial: INITIAL }, now)

/** The Node after the actions, as the server would keep it. */
function applied(node: KubeObject | undefined, actions: readonly RegistrationAction[]): KubeObject {
  let current = structuredClone(node) as KubeObject
  for (const action of actions) {
    if (action.type === 'create') current = { ...action.node, status: {} }
    if (action.type === 'setLabels') Object.assign(current.metadata.labels!, action.labels)
    if (action.type !== 'setStatus') continue
    for (const [field, value] of Object.entries(action.status)) {
      const isAmounts = field === 'capacity' || field === 'allocatable'
      const merged = isAmounts ? { ...current['status'][field], ...(value as object) } : value
      current['status'][field] = isAmounts
        ? Object.fromEntries(Object.entries(merged as object).filter(([, amount]) => amount !== null))
        : merged
    }
  }
  return current
}
const settled = () => {
  const created = applied(undefined, decide(undefined))
  return applied(created, decide(created))
}
const said = (actions: readonly RegistrationAction[]) =>
  actions.flatMap((action) => (action.type === 'say' ? [action.change.reason] : []))
const conditionOf = (node: KubeObject, type: string) =>
  node['status'].conditions.find((condition: { type: string }) => condition.type === type)

test('a node that is not there is created with the site’s labels, which do not replace the machine’s', () => {
  const [create] = decide(undefined)
  assert.equal(create?.type, 'create')
  const { labels } = applied(undefined, [create!]).metadata
  assert.equal(labels?.['brume.dev/group'], 'a')
  assert.equal(labels?.['kubernetes.io/os'], 'linux')
  assert.equal(labels?.['kubernetes.io/hostname'], 'box')
})

test('a node of a cloud with both families has an address of each, IPv4 first', () => {
  const { addresses } = statusOf({ ...REPORT, address6: 'fd00::1' })
  assert.deepEqual(addresses, [
    { type: 'InternalIP', address: '192.0.2.7' },
    { type: 'InternalIP', address: 'fd00::1' },
    { type: 'Hostname', address: 'box' },
  ])
})

test('a status that says what is true is not written again until its heartbeat is old', () => {
  const node = settled()
  assert.deepEqual(decide(node), [])
  assert.deepEqual(decide(node, REPORT, NOW + REPORT_EVERY_MS - 1), [])
  const [report, ...rest] = decide(node, REPORT, NOW + REPORT_EVERY_MS)
  assert.equal(report?.type, 'setStatus')
  assert.deepEqual(Object.keys(report?.type === 'setStatus' ? report.status : {}), ['conditions'])
  assert.deepEqual(rest, [])
})

test('a clock that was set back is followed by a report at once', () => {
  assert.equal(decide(settled(), REPORT, NOW - 60_000)[0]?.type, 'setStatus')
})

test('a condition keeps its time of transition until it turns, and turning is told', () => {
  const node = settled()
  const down = { ...REPORT, health: { problems: ['container runtime is down: x'], pressure: {} } }
  const actions = decide(node, down, NOW + 30_000)
  assert.deepEqual(said(actions), ['NodeNotReady'])
  const after = applied(node, actions)
  const ready = conditionOf(after, 'Ready')
  assert.equal(ready.status, 'False')
  assert.equal(ready.message, 'container runtime is down: x')
  assert.equal(ready.lastTransitionTime, '2026-01-01T12:00:30Z')
  assert.equal(conditionOf(after, 'DiskPressure').lastTransitionTime, '2026-01-01T12:00:00Z')
  assert.deepEqual(said(decide(after, REPORT, NOW + 60_000)), ['NodeReady'])
})

test('pressure names what runs short, and Ready stays last', () => {
  const disk = 'imagefs.available is 3 %, less than 15 %'
  const node = settled()
  const after = applied(node, decide(node, { ...REPORT, health: { problems: [], pressure: { disk } } }))
  assert.equal(conditionOf(after, 'DiskPressure').status, 'True')
  assert.equal(conditionOf(after, 'DiskPressure').message, `kubelet has disk pressure: ${disk}`)
  assert.equal(after['status'].conditions.at(-1).type, 'Ready')
})

test('conditions, amounts and labels of others stay as they are', () => {
  const node = settled()
  node.metadata.labels!['brume.dev/group'] = 'moved'
  node['status'].conditions.unshift({ type: 'NetworkUnavailable', status: 'False' })
  node['status'].capacity['example.com/gpu'] = '2'
  assert.deepEqual(decide(node), [])
  const more = { ...REPORT, runtimeVersion: 'containerd://1.7.0' }
  const after = applied(node, decide(node, more))
  assert.equal(conditionOf(after, 'NetworkUnavailable').status, 'False')
  assert.equal(after['status'].capacity['example.com/gpu'], '2')
})

test('labels of the machine are put right first, and sizes of huge pages that are gone go', () => {
  const node = settled()
  delete node.metadata.labels!['kubernetes.io/arch']
  assert.deepEqual(decide(node), [{ type: 'setLabels', labels: { 'kubernetes.io/arch': 'amd64' } }])
  const fewer = { ...REPORT, facts: { ...FACTS, hugepages: { 'hugepages-2Mi': 0 } } }
  const known = settled()
  const after = applied(known, decide(known, fewer))
  assert.equal('hugepages-1Gi' in after['status'].capacity, false)
  assert.equal(after['status'].allocatable.memory, '3Gi')
})

test('a boot is told of', () => {
  const actions = decide(settled(), { ...REPORT, facts: { ...FACTS, bootId: 'b2' } })
  assert.deepEqual(said(actions), ['Rebooted'])
})

test('what pods may use is the capacity without huge pages and without what is reserved', () => {
  const { capacity, allocatable } = statusOf(REPORT) as Record<string, Record<string, string>>
  assert.deepEqual(capacity, {
    cpu: '2',
    'ephemeral-storage': '100Gi',
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '512Mi',
    memory: '4Gi',
    pods: '110',
  })
  assert.equal(allocatable?.['cpu'], '1900m')
  assert.equal(allocatable?.['memory'], '2560Mi')
  assert.equal(allocatable?.['ephemeral-storage'], String(90 * GI))
})

test('of more than fifty images the largest are told, each by at most five names', () => {
  const names = Array.from({ length: 9 }, (_, at) => `example.com/many:${at}`)
  const images = Array.from({ length: 60 }, (_, at) => ({ repoTags: [`example.com/i:${at}`], size: at }))
  const report = {
    ...REPORT,
    images: [...images, { repoTags: names, size: 1000 }, { repoTags: [], size: 1e9 }],
  }
  const told = statusOf(report)['images'] as { names: string[]; sizeBytes: number }[]
  assert.equal(told.length, 50)
  assert.equal(told[0]?.sizeBytes, 1000)
  assert.equal(told[0]?.names.length, 5)
  assert.equal(told.at(-1)?.sizeBytes, 11)
})
