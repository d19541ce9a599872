import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Pod } from '../contract.ts'
import { keptClock as clock } from '../testing/kept-clock.ts'
import { podCgroup } from './cgroup-config.ts'
import { PodCgroups } from './cgroups.ts'
import { cgroupSettingsOf, type Hierarchy, mountedHierarchies, parseHierarchies } from './hierarchies.ts'

const pod = (uid: string, resources: object): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid },
  spec: { containers: [{ name: 'a', image: 'i', resources }] },
})

test('finds every hierarchy once, with the path that the kernel escaped', () => {
  const text = [
    '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
    '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct',
    '33 31 0:29 / /mnt/a\\040very/long/mount/of/it rw - cgroup cgroup rw,cpu,cpuacct',
    '40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd',
    '41 31 0:38 / /sys/fs/cgroup/uni\\040fied rw - cgroup2 cgroup2 rw',
    '',
  ].join('\n')
  assert.deepEqual(parseHierarchies(text), [
    { version: 1, path: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu', 'cpuacct'] },
    { version: 1, path: '/sys/fs/cgroup/systemd', controllers: ['name=systemd'] },
    { version: 2, path: '/sys/fs/cgroup/uni fied', controllers: [] },
  ])
})

describe('control groups of pods', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  const root = `/brume-test-${process.pid}/kubepods`
  let hierarchies: Hierarchy[]
  let cgroups: PodCgroups

  before(async () => {
    hierarchies = await mountedHierarchies()
    cgroups = new PodCgroups({ hierarchies, root, clock })
    await cgroups.ensureRoot({ cpuShares: 2048 })
  })

  after(async () => {
    await new PodCgroups({ hierarchies, root: `/brume-test-${process.pid}`, clock }).removeRoot()
    for (const { path } of hierarchies)
      assert.equal(existsSync(join(path, `/brume-test-${process.pid}`)), false)
  })

  const read = (controller: string, path: string, file: Record<1 | 2, string>) => {
    const at = hierarchies.find(({ controllers }) => controllers.includes(controller))!
    return readFileSync(join(at.path, path, file[at.version]), 'utf8').trim()
  }
  const shares = { 1: 'cpu.shares', 2: 'cpu.weight' }
  const memory = { 1: 'memory.limit_in_bytes', 2: 'memory.max' }
  const version = () => cgroupSettingsOf(hierarchies, root).version

  test('pods weigh on the machine what they were given, from the top', () => {
    for (const path of [root, `/brume-test-${process.pid}`]) {
      assert.equal(read('cpu', path, shares), version() === 1 ? '2048' : '79')
    }
  })

  test('a pod has its group on every hierarchy, with what it asked for', async () => {
    const web = pod('u-1', {
      requests: { cpu: '500m', memory: '64Mi' },
      limits: { cpu: '1', memory: '128Mi' },
    })
    await cgroups.ensure(web)
    await cgroups.ensure(web)
    const path = podCgroup(root, web)
    assert.equal(path, `${root}/burstable/podu-1`)
    for (const hierarchy of hierarchies) assert.equal(existsSync(join(hierarchy.path, path)), true)
    assert.equal(read('cpu', path, shares), version() === 1 ? '512' : '20')
    assert.equal(read('memory', path, memory), String(128 * 1024 * 1024))
    for (const { version, controllers, path: mount } of hierarchies) {
      if (version === 1) continue
      const handed = readFileSync(join(mount, path, 'cgroup.controllers'), 'utf8')
      for (const name of controllers.filter((one) => ['cpu', 'memory', 'pids', 'hugetlb'].includes(one))) {
        assert.ok(handed.split(/\s+/).includes(name), `${name} of v2 reaches the pod`)
      }
    }
    assert.deepEqual(await cgroups.known(), ['u-1'])
  })

  test('burstable pods together weigh what they ask for, also after a restart of the agent', async () => {
    const weight = () => read('cpu', `${root}/burstable`, shares)
    const one = pod('u-4', { requests: { cpu: '1' } })
    await cgroups.ensure(one)
    await cgroups.ensure(pod('u-5', { requests: { cpu: '1' }, limits: { cpu: '2' } }))
    assert.equal(weight(), version() === 1 ? '2560' : '98')
    assert.equal(read('cpu', `${root}/besteffort`, shares), version() === 1 ? '2' : '1')
    const later = new PodCgroups({ hierarchies, root, clock })
    await later.ensureRoot()
    // What a weight of v2 stands for is known to about one in fifty until the pods are told again.
    if (version() === 1) assert.equal(weight(), '2560')
    else assert.ok(Math.abs(Number(weight()) - 98) <= 2, weight())
    for (const uid of ['u-4', 'u-5', 'u-1']) await later.remove(uid)
    assert.equal(weight(), version() === 1 ? '2' : '1')
  })

  test('removing a group ends what runs in it, also below', async () => {
    const busy = pod('u-3', {})
    await cgroups.ensure(busy)
    const child = spawn('sleep', ['600'])
    const path = join(podCgroup(root, busy), 'inner')
    const inner = new PodCgroups({ hierarchies, root: path, clock })
    await inner.ensureRoot()
    for (const hierarchy of hierarchies) {
      const group = join(hierarchy.path, path, 'besteffort')
      // Of version 2 with controllers, leaves alone have processes.
      const leaf = hierarchy.version === 1 ? group : join(group, 'leaf')
      if (hierarchy.version === 2) mkdirSync(leaf)
      if (hierarchy.version === 1 || version() === 2)
        writeFileSync(join(leaf, 'cgroup.procs'), String(child.pid))
    }
    const exited = once(child, 'exit')
    await cgroups.remove('u-3')
    assert.deepEqual(await exited, [null, 'SIGKILL'])
    for (const hierarchy of hierarchies) {
      assert.equal(existsSync(join(hierarchy.path, podCgroup(root, busy))), false)
    }
    await cgroups.remove('u-3')
  })

  test('a uid that is a path is refused', async () => {
    await assert.rejects(cgroups.remove('../../x'), /uid is a name/)
  })
})
