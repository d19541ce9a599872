import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CONFIG_MAPS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import {
  modeOf,
  NAMESPACE,
  readIn,
  skipVolumes,
  startVolumesBench,
  type VolumesBench,
} from '@brume/testkit/volumes-bench'
import { nodeDirsAt } from '../agent/dirs.ts'
import { mountTmpfs, unmount } from './mounts.ts'

describe('volumes of pods', { skip: skipVolumes, timeout: 60_000 }, () => {
  let bench: VolumesBench

  before(async () => {
    bench = await startVolumesBench()
  })
  after(() => bench.stop())

  test('a part of a volume is bound, and removing the pod never touches what it is a part of', async () => {
    const disk = join(bench.root, 'parts')
    mkdirSync(join(disk, 'web'), { recursive: true })
    writeFileSync(join(disk, 'web', 'precious'), 'kept')
    const pod = await bench.withVolume({ hostPath: { path: disk, type: 'Directory' } })
    await bench.volumes.ensure(pod)
    const part = await bench.pathOf(pod, { subPathExpr: '$(NAME)' }, [{ key: 'NAME', value: 'web' }])
    assert.equal(readIn(part, 'precious'), 'kept')
    assert.ok(part.startsWith(bench.dirs.pods))
    symlinkSync('/etc', join(disk, 'evil'))
    await assert.rejects(bench.pathOf(pod, { subPath: 'evil/passwd' }), {
      message: 'failed to prepare subPath for volumeMount "v" of container "app"',
    })
    await bench.volumes.remove(pod.metadata.uid!)
    assert.equal(existsSync(part), false)
    assert.equal(readIn(join(disk, 'web'), 'precious'), 'kept')
  })

  test('hosts file, termination message and nested mounts', async () => {
    const pod = await bench.createPod({
      volumes: [
        { name: 'v', configMap: { name: 'settings' } },
        { name: 'w', emptyDir: {} },
      ],
      subdomain: 'sub',
      hostAliases: [{ ip: '192.0.2.1', hostnames: ['a', 'b'] }],
      containers: [
        {
          name: 'app',
          image: 'i',
          volumeMounts: [
            { name: 'v', mountPath: '/etc/app' },
            {
              name: 'w',
              mountPath: '/etc/app/inner/dir',
              readOnly: true,
              mountPropagation: 'HostToContainer',
            },
          ],
        },
      ],
    })
    await bench.volumes.ensure(pod)
    const container = pod['spec'].containers[0]
    const mounts = await bench.volumes.mountsOf({ pod, container, attempt: 4, podIps: ['10.1.0.5'], env: [] })
    const [v, w, , hosts, message] = mounts
    assert.equal(statSync(join(v!.hostPath!, 'inner/dir')).isDirectory(), true)
    assert.deepEqual([w!.containerPath, w!.readonly, w!.propagation], ['/etc/app/inner/dir', true, 1])
    assert.equal(hosts!.containerPath, '/etc/hosts')
    const lines = readFileSync(hosts!.hostPath!, 'utf8').split('\n')
    assert.equal(lines[0], '# Kubernetes-managed hosts file.')
    assert.ok(
      lines.includes(`10.1.0.5\t${pod.metadata.name}.sub.default.svc.cluster.local\t${pod.metadata.name}`),
    )
    assert.deepEqual(lines.slice(-4), ['', '# Entries added by HostAliases.', '192.0.2.1\ta\tb', ''])
    assert.equal(message!.containerPath, '/dev/termination-log')
    assert.deepEqual([modeOf(message!.hostPath!), readIn(message!.hostPath!, '')], [0o666, ''])
    await bench.volumes.mountsOf({ pod, container, attempt: 9, podIps: [], env: [] })
    assert.deepEqual(readdirSync(join(message!.hostPath!, '..')), ['9'])
  })

  test('a full disk is said, and is mended by room', async () => {
    const small = join(bench.root, 'small')
    mkdirSync(small)
    await mountTmpfs(small, ['size=16k', 'nr_inodes=200'])
    const onSmall = bench.fresh(nodeDirsAt(join(small, 'node')))
    const pod = await bench.withVolume({ configMap: { name: 'big' } })
    await bench.create(CONFIG_MAPS, 'ConfigMap', 'big', { data: { file: 'x'.repeat(64 * 1024) } })
    await assert.rejects(onSmall.ensure(pod), {
      reason: 'FailedMount',
      message: /^MountVolume\.SetUp failed for volume "v" : no space left on the device of .*/,
    })
    await bench
      .admin(CONFIG_MAPS)
      .patch({ namespace: NAMESPACE, name: 'big' }, { type: 'merge', body: { data: { file: 'small' } } })
    await eventually('the smaller file', async () => {
      await onSmall.ensure(pod)
      return true
    })
    assert.equal(readIn(await bench.pathOf(pod, {}, [], onSmall), 'file'), 'small')
    await onSmall.removeAll()
    await unmount(small)
  })

  test('pods that nobody knows are found and removed', async () => {
    const pod = await bench.createPod({
      volumes: [
        { name: 'v', secret: { secretName: 'keys' } },
        { name: 'w', emptyDir: { medium: 'Memory' } },
      ],
    })
    await bench.volumes.ensure(pod)
    const later = bench.fresh()
    assert.ok((await later.known()).includes(pod.metadata.uid!))
    await later.remove(pod.metadata.uid!)
    await later.remove(pod.metadata.uid!)
    await later.refresh(pod)
    assert.equal((await later.known()).includes(pod.metadata.uid!), false)
  })
})
