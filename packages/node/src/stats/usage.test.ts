import assert from 'node:assert/strict'
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { processesIn, readCgroupUsage } from './cgroup-usage.ts'
import { directoryUsage } from './directory-usage.ts'
import { expositionOf } from './exposition.ts'
import { parseNetDev, readNetworkUsage } from './network-usage.ts'
import { busyTicks, parseMeminfo, readFsUsage, readNodeUsage } from './node-usage.ts'
import { cpuRates } from './rates.ts'
import type { Sample } from './sample.ts'

let root: string
before(() => {
  root = mkdtempSync(join(tmpdir(), 'brume-usage-'))
})
after(() => rmSync(root, { recursive: true }))

function files(dir: string, contents: Record<string, string>): void {
  mkdirSync(join(root, dir), { recursive: true })
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(root, dir, name), content)
}

test('a group of version 1 is read from the hierarchies of its controllers', () => {
  files('v1/memory/pod', {
    'memory.usage_in_bytes': '1000\n',
    'memory.limit_in_bytes': '9223372036854771712\n',
    'memory.stat': 'cache 1\ntotal_inactive_file 300\ntotal_rss 400\ntotal_pgfault 7\n',
    'cgroup.procs': '12\n34\n',
  })
  files('v1/cpuacct/pod', { 'cpuacct.usage': '5000\n', 'cpuacct.stat': 'user 2\nsystem 1\n' })
  files('v1/cpu/pod', { 'cpu.stat': 'nr_periods 9\nnr_throttled 3\nthrottled_time 77\n' })
  files('v1/pids/pod', { 'pids.current': '4\n' })
  const hierarchies = ['memory', 'cpuacct', 'cpu', 'pids'].map((name) => ({
    version: 1 as const,
    path: join(root, 'v1', name),
    controllers: [name],
  }))
  const usage = readCgroupUsage(hierarchies, '/pod')
  assert.equal(usage?.workingSetBytes, 700)
  assert.equal(usage?.rssBytes, 400)
  assert.equal(usage?.memoryLimitBytes, undefined)
  assert.equal(usage?.cpuNanos, 5000)
  assert.equal(usage?.cpuUserNanos, 20_000_000)
  assert.equal(usage?.throttledPeriods, 3)
  assert.equal(usage?.processes, 4)
  assert.deepEqual(processesIn(hierarchies, '/pod'), [12, 34])
  assert.equal(readCgroupUsage(hierarchies, '/gone'), undefined)
})

test('a group of version 2 is read from its one hierarchy', () => {
  files('v2/pod', {
    'memory.current': '2000\n',
    'memory.max': '4096\n',
    'memory.stat': 'anon 900\nfile 800\ninactive_file 500\npgmajfault 2\n',
    'memory.events': 'low 0\nmax 6\noom 0\n',
    'cpu.stat': 'usage_usec 12\nuser_usec 8\nsystem_usec 4\nnr_periods 1\n',
    'pids.current': '1\n',
  })
  const controllers = ['cpu', 'memory', 'pids']
  const usage = readCgroupUsage([{ version: 2, path: join(root, 'v2'), controllers }], '/pod')
  assert.equal(usage?.workingSetBytes, 1500)
  assert.equal(usage?.memoryLimitBytes, 4096)
  assert.equal(usage?.cpuNanos, 12_000)
  assert.equal(usage?.memoryFailures, 6)
})

test('interfaces are read with all their counters, also when names hold digits and numbers touch the colon', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
eth0.12:1234567890  22    3    4    0     0          0         0     5678      9    1    2    0     0       0          0
`
  const [, vlan] = parseNetDev(text)
  assert.deepEqual(vlan, {
    name: 'eth0.12',
    rxBytes: 1234567890,
    rxPackets: 22,
    rxErrors: 3,
    rxDropped: 4,
    txBytes: 5678,
    txPackets: 9,
    txErrors: 1,
    txDropped: 2,
  })
  assert.deepEqual(readNetworkUsage(2 ** 30), [])
})

test('the machine tells its memory, its processor and its disks', async () => {
  assert.equal(
    parseMeminfo('MemTotal:       2 kB\nInactive(file):  1 kB\nHugePages_Total: 0\n')['Inactive(file)'],
    1024,
  )
  assert.equal(busyTicks('cpu  1 2 4 1000 1000 8 16 32 64 0\ncpu0 1 2\n'), 63)
  const usage = readNodeUsage()
  assert.ok(usage.cpuNanos > 0 && usage.workingSetBytes > 0 && usage.bootedAtMs > 0)
  assert.ok(usage.workingSetBytes <= usage.memoryCapacityBytes)
  assert.ok(usage.processes > 0 && usage.processes < usage.maxProcesses)
  const fs = await readFsUsage(root)
  assert.ok(fs.availableBytes <= fs.capacityBytes && fs.capacityBytes > 0)
})

test('a directory takes up its blocks, and a file with two names counts once', async () => {
  files('tree/deep', { a: 'x'.repeat(10_000), b: 'y' })
  linkSync(join(root, 'tree/deep/a'), join(root, 'tree/again'))
  const { bytes, inodes } = await directoryUsage(join(root, 'tree'))
  assert.equal(inodes, 4)
  assert.ok(bytes >= 10_000 && bytes < 60_000, String(bytes))
  assert.deepEqual(await directoryUsage(join(root, 'gone')), { bytes: 0, inodes: 0 })
})

test('metrics are written so that any name and value survives', () => {
  const series = [{ labels: { path: 'a"b\\c\nd' }, value: 1.5 }]
  const metrics = [
    { name: 'm', help: 'one\\two\nthree', type: 'gauge' as const, series },
    { name: 'none', help: '', type: 'counter' as const, series: [] },
  ]
  assert.equal(
    expositionOf(metrics, 1000.4),
    '# HELP m one\\\\two\\nthree\n# TYPE m gauge\nm{path="a\\"b\\\\c\\nd"} 1.5 1000\n',
  )
})

test('a rate is what was used between two samples, or since what is new began', () => {
  const sample = (steadyMs: number, containers: [id: string, cpuNanos: number, createdAtMs: number][]) => {
    const usage = (cpuNanos: number) => ({ cpuNanos })
    const made = containers.map(([id, nanos, createdAtMs]) => ({ id, usage: usage(nanos), createdAtMs }))
    const pod = { metadata: { uid: 'u' }, status: { startTime: '1970-01-01T00:00:01Z' } }
    const node = { cpuNanos: steadyMs * 2e6, bootedAtMs: 0 }
    const pods = [{ pod, usage: usage(steadyMs * 1e6), containers: made }]
    return { atMs: steadyMs, steadyMs, node, pods } as unknown as Sample
  }
  const before = sample(10_000, [
    ['old', 1e9, 0],
    ['reset', 5e9, 0],
  ])
  const after = sample(20_000, [
    ['old', 6e9, 0],
    ['reset', 1e9, 18_000],
    ['new', 1e9, 15_000],
  ])
  const rates = cpuRates(before, after)
  assert.deepEqual(Object.fromEntries(rates), { node: 2e9, u: 1e9, old: 5e8, reset: 5e8, new: 2e8 })
  assert.equal(cpuRates(undefined, after).size, 0)
})
