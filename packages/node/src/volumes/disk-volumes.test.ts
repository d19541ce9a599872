import assert from 'node:assert/strict'
import { chownSync, existsSync, lstatSync, mkdirSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '@brume/client/builtin'
import { mountsBelow } from '@brume/machine/mounts'
import { eventually } from '@brume/testkit/eventually'
import {
  modeOf,
  NAMESPACE,
  readIn,
  skipVolumes,
  startVolumesBench,
  type VolumesBench,
} from '@brume/testkit/volumes-bench'
import { emptyDirsOf } from './empty-dir.ts'

const noHugePages = existsSync('/sys/kernel/mm/hugepages/hugepages-2048kB') ? false : 'no huge pages of 2Mi'

describe('volumes on disks and in memory', { skip: skipVolumes, timeout: 60_000 }, () => {
  let bench: VolumesBench

  before(async () => {
    bench = await startVolumesBench()
  })
  after(() => bench.stop())

  test('an emptyDir is for everyone, belongs to the group, and keeps its files', async () => {
    const pod = await bench.withVolume(
      { emptyDir: { sizeLimit: '1Mi' } },
      { securityContext: { fsGroup: 77 } },
    )
    await bench.volumes.ensure(pod)
    const dir = await bench.pathOf(pod)
    assert.deepEqual([modeOf(dir), statSync(dir).gid], [0o2777, 77])
    writeFileSync(join(dir, 'file'), 'x')
    await bench.fresh().ensure(pod)
    assert.equal(readIn(dir, 'file'), 'x')
    assert.deepEqual(emptyDirsOf(bench.dirs, pod), [
      { volume: 'v', path: dir, inMemory: false, sizeLimitBytes: 1024 * 1024 },
    ])
  })

  test('an emptyDir in memory holds no more than its size, and is mounted once', async () => {
    const pod = await bench.withVolume({ emptyDir: { medium: 'Memory', sizeLimit: '64Ki' } })
    await bench.volumes.ensure(pod)
    await bench.fresh().ensure(pod)
    const dir = await bench.pathOf(pod)
    assert.deepEqual(
      mountsBelow(dir).map(({ path, type }) => [path, type]),
      [[dir, 'tmpfs']],
    )
    assert.equal(modeOf(dir), 0o777)
    assert.throws(() => writeFileSync(join(dir, 'big'), Buffer.alloc(256 * 1024)), { code: 'ENOSPC' })
    await bench.volumes.remove(pod.metadata.uid!)
    assert.equal(existsSync(dir), false)
    assert.deepEqual(mountsBelow(dir), [])
  })

  test('an emptyDir of huge pages is of the size that the pod asks for, and no larger', {
    skip: noHugePages,
  }, async () => {
    const asking = (pages: Record<string, string>) => ({
      containers: [{ name: 'c', image: 'i', resources: { limits: { memory: '64Mi', ...pages } } }],
    })
    const pod = await bench.withVolume(
      { emptyDir: { medium: 'HugePages-2Mi' } },
      asking({ 'hugepages-2Mi': '4Mi' }),
    )
    await bench.volumes.ensure(pod)
    await bench.fresh().ensure(pod)
    const dir = await bench.pathOf(pod)
    assert.deepEqual(
      mountsBelow(dir).map(({ path, type }) => [path, type]),
      [[dir, 'hugetlbfs']],
    )
    const { bsize, blocks } = statfsSync(dir)
    assert.deepEqual([bsize, bsize * blocks], [2 * 1024 * 1024, 4 * 1024 * 1024])
    assert.equal(modeOf(dir), 0o777)
    await bench.volumes.remove(pod.metadata.uid!)
    assert.deepEqual(mountsBelow(dir), [])
    const both = { 'hugepages-2Mi': '4Mi', 'hugepages-1Gi': '1Gi' }
    for (const [medium, limits, expected] of [
      ['HugePages', {}, /medium HugePages is for pods that ask for huge pages/],
      ['HugePages', both, /does not say which of the pod's sizes/],
      [
        'HugePages-1Gi',
        { 'hugepages-2Mi': '4Mi' },
        /a size that no container of the pod asks for \(hugepages-2Mi\)/,
      ],
    ] as const) {
      const wrong = await bench.withVolume({ emptyDir: { medium } }, asking(limits))
      assert.match(await bench.problemOf(wrong), expected)
    }
  })

  test('a hostPath must be of its kind, and is made where its kind says so', async () => {
    const at = (name: string) => join(bench.root, name)
    mkdirSync(at('dir'))
    writeFileSync(at('file'), '')
    const cases: [string, string, RegExp | undefined][] = [
      ['dir', 'Directory', undefined],
      ['file', 'File', undefined],
      ['new/dir', 'DirectoryOrCreate', undefined],
      ['dir/new', 'FileOrCreate', undefined],
      ['nothing', '', undefined],
      ['file', 'Directory', /hostPath type check failed: .*\/file is not a directory$/],
      ['dir', 'File', /\/dir is not a file$/],
      ['nothing', 'Directory', /\/nothing is not a directory$/],
      ['file', 'Socket', /\/file is not a socket file$/],
      ['file', 'BlockDevice', /\/file is not a block device$/],
      ['../../dev/null', 'CharDevice', undefined],
      ['file', 'CharDevice', /\/file is not a character device$/],
    ]
    for (const [name, type, expected] of cases) {
      const path = name.startsWith('..') ? '/dev/null' : at(name)
      const pod = await bench.withVolume({ hostPath: { path, type } })
      if (expected !== undefined) assert.match(await bench.problemOf(pod), expected)
      else {
        await bench.volumes.ensure(pod)
        assert.equal(await bench.pathOf(pod), path)
      }
    }
    assert.equal(modeOf(at('new/dir')), 0o755)
    assert.equal(lstatSync(at('dir/new')).isFile(), true)
  })

  async function claim(name: string, source: object, more: object = {}): Promise<void> {
    const made = await bench.create(PERSISTENT_VOLUME_CLAIMS, 'PersistentVolumeClaim', name, {
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: '',
        volumeName: `pv-${name}`,
        resources: { requests: { storage: '1Mi' } },
      },
    })
    await bench.admin(PERSISTENT_VOLUMES).create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `pv-${name}` },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Mi' },
        storageClassName: '',
        claimRef: { namespace: NAMESPACE, name, uid: made.metadata.uid },
        ...source,
        ...more,
      },
    })
    await eventually('the claim to be bound', async () => {
      const { status } = await bench.admin(PERSISTENT_VOLUME_CLAIMS).get({ namespace: NAMESPACE, name })
      return status.phase === 'Bound'
    })
  }

  const affinity = {
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'Exists' }] }],
      },
    },
  }

  test('a claim is the volume that it is bound to', async () => {
    const disk = join(bench.root, 'disk')
    mkdirSync(disk)
    writeFileSync(join(disk, 'data'), 'kept')
    await claim('local', { local: { path: disk } }, affinity)
    const pod = await bench.withVolume(
      { persistentVolumeClaim: { claimName: 'local' } },
      { securityContext: { fsGroup: 99 } },
    )
    await bench.volumes.ensure(pod)
    const dir = await bench.pathOf(pod)
    assert.equal(readIn(dir, 'data'), 'kept')
    assert.deepEqual([statSync(disk).gid, statSync(join(disk, 'data')).gid], [99, 99])
    chownSync(join(disk, 'data'), 0, 0)
    await bench.fresh().devicesOf(pod, pod['spec'].containers[0])
    assert.equal(statSync(join(disk, 'data')).gid, 0)
    await bench.volumes.remove(pod.metadata.uid!)
    assert.equal(readIn(disk, 'data'), 'kept')
    await claim('remote', { nfs: { server: 's', path: '/p' } })
    assert.match(
      await bench.problemOf(await bench.withVolume({ persistentVolumeClaim: { claimName: 'remote' } })),
      /: persistent volume pv-remote is of the kind nfs, which cannot be mounted on this node$/,
    )
  })

  test('a local volume that is not there, or is a device, is named', async () => {
    await claim('absent', { local: { path: join(bench.root, 'absent') } }, affinity)
    const absent = await bench.withVolume({ persistentVolumeClaim: { claimName: 'absent' } })
    assert.match(await bench.problemOf(absent), /: path ".*\/absent" does not exist$/)
    await claim('device', { local: { path: '/dev/null' } }, affinity)
    const device = await bench.withVolume({ persistentVolumeClaim: { claimName: 'device' } })
    assert.match(
      await bench.problemOf(device),
      /: local volume \/dev\/null is not a directory: this node mounts no/,
    )
  })

  test('an ephemeral volume is the claim that was made for this very pod', async () => {
    const disk = join(bench.root, 'ephemeral')
    mkdirSync(disk)
    const name = `${bench.nextName()}-v`
    const wanted = { accessModes: ['ReadWriteOnce'], storageClassName: '', volumeName: 'pv-ephemeral' }
    const spec = { ...wanted, resources: { requests: { storage: '1Mi' } } }
    await bench.admin(PERSISTENT_VOLUMES).create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pv-ephemeral' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Mi' },
        storageClassName: '',
        claimRef: { namespace: NAMESPACE, name },
        local: { path: disk },
        ...affinity,
      },
    })
    const pod = await bench.withVolume({ ephemeral: { volumeClaimTemplate: { spec } } })
    await eventually('the volume', async () => {
      await bench.volumes.ensure(pod)
      return true
    })
    assert.equal(await bench.pathOf(pod), disk)
    const other = { ...pod, metadata: { ...pod.metadata, uid: 'another' } }
    assert.match(
      await bench.problemOf(other),
      /: PVC default\/p-\d+-v was not created for pod default\/p-\d+ \(pod is not owner\)$/,
    )
    await bench.volumes.remove('another')
  })
})
