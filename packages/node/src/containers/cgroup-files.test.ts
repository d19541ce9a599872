// What is written to a hierarchy of v2, on plain files: a machine of v1 has none with controllers.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sharesOfWeight } from './cgroup-config.ts'
import { delegateControllers, readShares, writeValues } from './cgroup-files.ts'
import { cgroupSettingsOf, type Hierarchy } from './hierarchies.ts'

function group(t: TestContext, controllers: readonly string[]): Hierarchy {
  const path = mkdtempSync(join(tmpdir(), 'brume-cgroup-'))
  t.after(() => rmSync(path, { recursive: true }))
  return { version: 2, path, controllers }
}

const filesOf = (dir: string) =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]))

test('v2 has weights, and limits of its own form', async (t) => {
  const hierarchy = group(t, ['cpu', 'memory', 'pids'])
  await writeValues(hierarchy, hierarchy.path, { cpuShares: 1024, cpuQuotaMicros: 50000, memoryBytes: 4096 })
  assert.deepEqual(filesOf(hierarchy.path), {
    'cpu.weight': '39',
    'cpu.max': '50000 100000',
    'memory.max': '4096',
  })
  await writeValues(hierarchy, hierarchy.path, { cpuShares: 2, cpuQuotaMicros: -1, memoryBytes: -1 })
  assert.deepEqual(filesOf(hierarchy.path), {
    'cpu.weight': '1',
    'cpu.max': 'max 100000',
    'memory.max': 'max',
  })
})

test('a hierarchy without controllers is left alone', async (t) => {
  const hierarchy = group(t, [])
  await writeValues(hierarchy, hierarchy.path, { cpuShares: 1024, memoryBytes: 4096 })
  assert.deepEqual(filesOf(hierarchy.path), {})
})

test('shares that were written as a weight are read again, as nearly as a weight can say', async (t) => {
  const hierarchy = group(t, ['cpu'])
  for (const shares of [2, 102, 1024, 262144]) {
    await writeValues(hierarchy, hierarchy.path, { cpuShares: shares })
    const found = (await readShares(hierarchy, hierarchy.path))!
    assert.ok(Math.abs(found - shares) <= sharesOfWeight(2) - 2, `${shares} became ${found}`)
  }
  assert.equal(await readShares(hierarchy, join(hierarchy.path, 'gone')), undefined)
})

test('a group hands on the controllers that it has and has not handed on yet', async (t) => {
  const hierarchy = group(t, [])
  const control = join(hierarchy.path, 'cgroup.subtree_control')
  writeFileSync(join(hierarchy.path, 'cgroup.controllers'), 'cpuset cpu io memory rdma\n')
  writeFileSync(control, 'cpu io cpuset\n')
  await delegateControllers(hierarchy.path)
  assert.equal(readFileSync(control, 'utf8'), '+memory')
})

test('whether the kernel accounts swap is seen before the cloud has a group of its own', (t) => {
  const root = '/brume/kubepods'
  const two = group(t, ['memory'])
  assert.equal(cgroupSettingsOf([two], root).swap, false)
  mkdirSync(join(two.path, 'system.slice'))
  writeFileSync(join(two.path, 'system.slice', 'memory.swap.max'), 'max')
  assert.deepEqual(cgroupSettingsOf([two], root), { version: 2, root, swap: true, hugePageSizes: [] })
  const one: Hierarchy = { ...group(t, ['memory']), version: 1 }
  assert.equal(cgroupSettingsOf([one], root).swap, false)
  writeFileSync(join(one.path, 'memory.memsw.limit_in_bytes'), '1')
  assert.deepEqual(cgroupSettingsOf([one, two], root), { version: 1, root, swap: true, hugePageSizes: [] })
})
