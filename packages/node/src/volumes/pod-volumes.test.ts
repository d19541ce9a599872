import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { silentLogger } from '@brume/base/log'
import {
  CONFIG_MAPS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  SECRETS,
  SERVICE_ACCOUNTS,
} from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { mounts, mountsBelow } from '@brume/machine/mounts'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { nodeTransport } from '@brume/testkit/node-user'
import { nodeDirsAt } from '../agent/dirs.ts'
import { SETTINGS } from '../containers/testing.ts'
import type { NodeDirs, Pod, PodProblem } from '../contract.ts'
import { keptClock } from '../testing/kept-clock.ts'
import { emptyDirsOf } from './empty-dir.ts'
import { mountTmpfs, unmount } from './mounts.ts'
import { WatchedObjects } from './object-source.ts'
import { NodeVolumes } from './pod-volumes.ts'

const NAMESPACE = 'default'

describe('volumes of pods', { skip: process.getuid?.() !== 0 && 'needs root', timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let client: Client
  let root: string
  let dirs: NodeDirs
  let objects: WatchedObjects
  let volumes: NodeVolumes
  let count = 0

  before(async () => {
    plane = await startTestControlPlane()
    root = realpathSync(await mkdtemp(join(tmpdir(), 'brume-volumes-')))
    dirs = nodeDirsAt(join(root, 'node'))
    await plane.client.resource(NODES).create(object('v1', 'Node', { name: 'n1' }))
    client = new Client({ transport: await nodeTransport(plane, 'n1') })
    objects = new WatchedObjects({ client, clock: keptClock, logger: silentLogger })
    volumes = fresh()
    await eventually('the service account', () =>
      plane.client.resource(SERVICE_ACCOUNTS).get({ namespace: NAMESPACE, name: 'default' }),
    )
    await admin(CONFIG_MAPS).create(
      object(
        'v1',
        'ConfigMap',
        { name: 'settings' },
        { data: { color: 'blue', size: '5' }, binaryData: { raw: '/+8=' } },
      ),
    )
    await admin(SECRETS).create(
      object('v1', 'Secret', { name: 'keys' }, { stringData: { token: 's3cret', cert: 'pem' } }),
    )
  })

  after(async () => {
    await volumes.removeAll()
    await objects.stop()
    client.transport.close()
    await plane.stop()
    assert.deepEqual(mountsBelow(root), [])
    await rm(root, { recursive: true, force: true })
  })

  const admin = (ref: typeof CONFIG_MAPS) => plane.client.resource(ref)
  const fresh = () =>
    new NodeVolumes({
      context: { client, clock: keptClock, logger: silentLogger, dirs },
      settings: SETTINGS,
      objects,
    })

  function object(apiVersion: string, kind: string, metadata: object, fields: object = {}): KubeObject {
    return {
      apiVersion,
      kind,
      metadata: { namespace: kind === 'Node' ? undefined : NAMESPACE, ...metadata },
      ...fields,
    } as KubeObject
  }

  async function createPod(spec: object, metadata: object = {}): Promise<Pod> {
    const containers = [{ name: 'app', image: 'i', volumeMounts: [] }]
    const pod = await admin(PODS).create(
      object(
        'v1',
        'Pod',
        { name: `p-${++count}`, ...metadata },
        { spec: { nodeName: 'n1', containers, ...spec } },
      ),
    )
    objects.register(pod)
    return pod
  }

  const withVolume = (source: object, spec: object = {}) =>
    createPod({ volumes: [{ name: 'v', ...source }], automountServiceAccountToken: false, ...spec })

  /** Where the container would find the volume. */
  async function pathOf(
    pod: Pod,
    mount: object = {},
    env: { key: string; value: string }[] = [],
  ): Promise<string> {
    const container = { name: 'app', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] }
    const [found] = await volumes.mountsOf({ pod, container, attempt: 0, podIps: [], env })
    return found!.hostPath!
  }

  async function problemOf(pod: Pod): Promise<string> {
    const error: PodProblem = await volumes.ensure(pod).then(
      () => assert.fail('it should have been refused'),
      (caught) => caught,
    )
    assert.equal(error.reason, 'FailedMount', String(error.stack))
    return error.message
  }

  const read = (dir: string, name: string) => readFileSync(join(dir, name), 'utf8')
  const modeOf = (path: string) => statSync(path).mode & 0o7777

  test('a configMap is files, and follows its object while containers run', async () => {
    const pod = await withVolume({ configMap: { name: 'settings' } })
    await volumes.ensure(pod)
    const dir = await pathOf(pod)
    assert.equal(read(dir, 'color'), 'blue')
    assert.deepEqual([...readFileSync(join(dir, 'raw'))], [255, 239])
    assert.equal(modeOf(join(dir, 'color')), 0o644)
    const changed = new Promise<string>((resolve) => objects.onChange(resolve))
    await admin(CONFIG_MAPS).patch(
      { namespace: NAMESPACE, name: 'settings' },
      { type: 'merge', body: { data: { color: 'red', size: null } } },
    )
    assert.equal(await changed, pod.metadata.uid)
    await volumes.refresh(pod)
    assert.equal(read(dir, 'color'), 'red')
    assert.equal(existsSync(join(dir, 'size')), false)
    await volumes.refresh(pod)
  })

  test('a secret is in memory, mounted for reading, with the modes that were asked for', async () => {
    const pod = await withVolume(
      {
        secret: {
          secretName: 'keys',
          defaultMode: 0o400,
          items: [
            { key: 'token', path: 'deep/t', mode: 0o440 },
            { key: 'cert', path: 'c' },
          ],
        },
      },
      { securityContext: { fsGroup: 4242 } },
    )
    await volumes.ensure(pod)
    const dir = await pathOf(pod)
    assert.equal(read(dir, 'deep/t'), 's3cret')
    assert.deepEqual([modeOf(join(dir, 'deep/t')), modeOf(join(dir, 'c'))], [0o440, 0o440])
    assert.equal(statSync(join(dir, 'c')).gid, 4242)
    assert.equal(existsSync(join(dir, 'token')), false)
    const on = mounts()
      .filter(({ path }) => dir.startsWith(`${path}/`))
      .pop()
    assert.equal(on?.type, 'tmpfs')
    assert.equal(modeOf(on!.path), 0o700)
    const container = { name: 'app', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }
    const [mount] = await volumes.mountsOf({ pod, container, attempt: 0, podIps: [], env: [] })
    assert.equal(mount!.readonly, true)
  })

  test('what is missing is named, unless it is optional', async () => {
    const cases: [object, RegExp | undefined][] = [
      [
        { configMap: { name: 'none' } },
        /^MountVolume\.SetUp failed for volume "v" : configmap "none" not found$/,
      ],
      [{ secret: { secretName: 'none' } }, /: secret "none" not found$/],
      [
        { configMap: { name: 'settings', items: [{ key: 'no', path: 'x' }] } },
        /: configmap references non-existent config key: no$/,
      ],
      [
        { secret: { secretName: 'keys', items: [{ key: 'no', path: 'x' }] } },
        /: secret references non-existent secret key: no$/,
      ],
      [{ configMap: { name: 'none', optional: true } }, undefined],
      [{ secret: { secretName: 'keys', optional: true, items: [{ key: 'no', path: 'x' }] } }, undefined],
      [{ persistentVolumeClaim: { claimName: 'none' } }, /: persistentvolumeclaim "none" not found$/],
      [
        { emptyDir: { medium: 'HugePages' } },
        /: emptyDirs of the medium HugePages cannot be made on this node$/,
      ],
      [{ nfs: { server: 's', path: '/p' } }, /: volumes of the kind nfs cannot be mounted on this node$/],
      [{ csi: { driver: 'd.example' } }, /: volumes of the kind csi cannot be mounted on this node$/],
    ]
    for (const [source, expected] of cases) {
      const pod = await withVolume(source)
      if (expected !== undefined) assert.match(await problemOf(pod), expected)
      else await volumes.ensure(pod)
      await volumes.remove(pod.metadata.uid!)
    }
  })

  test('a projected volume has a token of the pod, the root certificate, and fields of the pod', async () => {
    const sources = [
      { serviceAccountToken: { path: 'token', expirationSeconds: 600, audience: 'me' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      { secret: { name: 'keys', items: [{ key: 'token', path: 'k' }] } },
    ]
    await eventually('the root certificate', () =>
      admin(CONFIG_MAPS).get({ namespace: NAMESPACE, name: 'kube-root-ca.crt' }),
    )
    const pod = await withVolume({ projected: { sources } }, { securityContext: { runAsUser: 1234 } })
    await volumes.ensure(pod)
    const dir = await pathOf(pod)
    const claims = JSON.parse(Buffer.from(read(dir, 'token').split('.')[1]!, 'base64url').toString())
    assert.equal(claims.sub, 'system:serviceaccount:default:default')
    assert.deepEqual(claims.aud, ['me'])
    assert.equal(claims['kubernetes.io'].pod.uid, pod.metadata.uid)
    assert.deepEqual([statSync(join(dir, 'token')).uid, modeOf(join(dir, 'token'))], [1234, 0o600])
    assert.match(read(dir, 'ca.crt'), /BEGIN CERTIFICATE/)
    assert.equal(read(dir, 'namespace'), NAMESPACE)
    assert.equal(read(dir, 'k'), 's3cret')
    const before = read(dir, 'token')
    await volumes.refresh(pod)
    assert.equal(read(dir, 'token'), before)
  })

  test('fields and resources of the pod follow the pod', async () => {
    const items = [
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'cpu', resourceFieldRef: { containerName: 'app', resource: 'limits.cpu', divisor: '1m' } },
    ]
    const pod = await withVolume({ downwardAPI: { items } })
    const labelled = { ...pod, metadata: { ...pod.metadata, labels: { b: '2', a: '1' } } }
    await volumes.ensure(labelled)
    const dir = await pathOf(pod)
    assert.equal(read(dir, 'labels'), 'a="1"\nb="2"')
    assert.equal(read(dir, 'cpu'), '1900')
    await volumes.refresh({ ...pod, metadata: { ...pod.metadata, labels: { a: '3' } } })
    assert.equal(read(dir, 'labels'), 'a="3"')
  })

  test('an emptyDir is for everyone, belongs to the group, and keeps its files', async () => {
    const pod = await withVolume({ emptyDir: { sizeLimit: '1Mi' } }, { securityContext: { fsGroup: 77 } })
    await volumes.ensure(pod)
    const dir = await pathOf(pod)
    assert.deepEqual([modeOf(dir), statSync(dir).gid], [0o2777, 77])
    writeFileSync(join(dir, 'file'), 'x')
    await fresh().ensure(pod)
    assert.equal(read(dir, 'file'), 'x')
    assert.deepEqual(emptyDirsOf(dirs, pod), [
      { volume: 'v', path: dir, inMemory: false, sizeLimitBytes: 1024 * 1024 },
    ])
  })

  test('an emptyDir in memory holds no more than its size, and is mounted once', async () => {
    const pod = await withVolume({ emptyDir: { medium: 'Memory', sizeLimit: '64Ki' } })
    await volumes.ensure(pod)
    await fresh().ensure(pod)
    const dir = await pathOf(pod)
    assert.deepEqual(
      mountsBelow(dir).map(({ path, type }) => [path, type]),
      [[dir, 'tmpfs']],
    )
    assert.equal(modeOf(dir), 0o777)
    assert.throws(() => writeFileSync(join(dir, 'big'), Buffer.alloc(256 * 1024)), { code: 'ENOSPC' })
    await volumes.remove(pod.metadata.uid!)
    assert.equal(existsSync(dir), false)
    assert.deepEqual(mountsBelow(dir), [])
  })

  test('a hostPath must be of its kind, and is made where its kind says so', async () => {
    const at = (name: string) => join(root, name)
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
      const pod = await withVolume({ hostPath: { path, type } })
      if (expected !== undefined) assert.match(await problemOf(pod), expected)
      else {
        await volumes.ensure(pod)
        assert.equal(await pathOf(pod), path)
      }
    }
    assert.equal(modeOf(at('new/dir')), 0o755)
    assert.equal(lstatSync(at('dir/new')).isFile(), true)
  })

  async function claim(name: string, source: object, more: object = {}): Promise<void> {
    const made = await admin(PERSISTENT_VOLUME_CLAIMS).create(
      object(
        'v1',
        'PersistentVolumeClaim',
        { name },
        {
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: '',
            volumeName: `pv-${name}`,
            resources: { requests: { storage: '1Mi' } },
          },
        },
      ),
    )
    await admin(PERSISTENT_VOLUMES).create({
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
      const { status } = await admin(PERSISTENT_VOLUME_CLAIMS).get({ namespace: NAMESPACE, name })
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
    const disk = join(root, 'disk')
    mkdirSync(disk)
    writeFileSync(join(disk, 'data'), 'kept')
    await claim('local', { local: { path: disk } }, affinity)
    const pod = await withVolume(
      { persistentVolumeClaim: { claimName: 'local' } },
      { securityContext: { fsGroup: 99, fsGroupChangePolicy: 'OnRootMismatch' } },
    )
    await volumes.ensure(pod)
    const dir = await pathOf(pod)
    assert.equal(read(dir, 'data'), 'kept')
    assert.deepEqual([statSync(disk).gid, statSync(join(disk, 'data')).gid], [99, 99])
    await volumes.remove(pod.metadata.uid!)
    assert.equal(read(disk, 'data'), 'kept')
    await claim('remote', { nfs: { server: 's', path: '/p' } })
    assert.match(
      await problemOf(await withVolume({ persistentVolumeClaim: { claimName: 'remote' } })),
      /: persistent volume pv-remote is of the kind nfs, which cannot be mounted on this node$/,
    )
  })

  test('a local volume that is not there, or is a device, is named', async () => {
    await claim('absent', { local: { path: join(root, 'absent') } }, affinity)
    const absent = await withVolume({ persistentVolumeClaim: { claimName: 'absent' } })
    assert.match(await problemOf(absent), /: path ".*\/absent" does not exist$/)
    await claim('device', { local: { path: '/dev/null' } }, affinity)
    const device = await withVolume({ persistentVolumeClaim: { claimName: 'device' } })
    assert.match(
      await problemOf(device),
      /: local volume \/dev\/null is not a directory: this node mounts no/,
    )
  })

  test('an ephemeral volume is the claim that was made for this very pod', async () => {
    const disk = join(root, 'ephemeral')
    mkdirSync(disk)
    const name = `p-${count + 1}-v`
    const wanted = { accessModes: ['ReadWriteOnce'], storageClassName: '', volumeName: 'pv-ephemeral' }
    const spec = { ...wanted, resources: { requests: { storage: '1Mi' } } }
    await admin(PERSISTENT_VOLUMES).create({
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
    const pod = await withVolume({ ephemeral: { volumeClaimTemplate: { spec } } })
    await eventually('the volume', async () => {
      await volumes.ensure(pod)
      return true
    })
    assert.equal(await pathOf(pod), disk)
    const other = { ...pod, metadata: { ...pod.metadata, uid: 'another' } }
    assert.match(
      await problemOf(other),
      /: PVC default\/p-\d+-v was not created for pod default\/p-\d+ \(pod is not owner\)$/,
    )
    await volumes.remove('another')
  })

  test('a part of a volume is bound, and removing the pod never touches what it is a part of', async () => {
    const disk = join(root, 'parts')
    mkdirSync(join(disk, 'web'), { recursive: true })
    writeFileSync(join(disk, 'web', 'precious'), 'kept')
    const pod = await withVolume({ hostPath: { path: disk, type: 'Directory' } })
    await volumes.ensure(pod)
    const part = await pathOf(pod, { subPathExpr: '$(NAME)' }, [{ key: 'NAME', value: 'web' }])
    assert.equal(read(part, 'precious'), 'kept')
    assert.ok(part.startsWith(dirs.pods))
    symlinkSync('/etc', join(disk, 'evil'))
    await assert.rejects(pathOf(pod, { subPath: 'evil/passwd' }), {
      message: 'failed to prepare subPath for volumeMount "v" of container "app"',
    })
    await volumes.remove(pod.metadata.uid!)
    assert.equal(existsSync(part), false)
    assert.equal(read(join(disk, 'web'), 'precious'), 'kept')
  })

  test('hosts file, termination message and nested mounts', async () => {
    const pod = await createPod({
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
    await volumes.ensure(pod)
    const container = pod['spec'].containers[0]
    const mounts = await volumes.mountsOf({ pod, container, attempt: 4, podIps: ['10.1.0.5'], env: [] })
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
    assert.deepEqual([modeOf(message!.hostPath!), read(message!.hostPath!, '')], [0o666, ''])
    await volumes.mountsOf({ pod, container, attempt: 9, podIps: [], env: [] })
    assert.deepEqual(readdirSync(join(message!.hostPath!, '..')), ['9'])
  })

  test('a full disk is said, and is mended by room', async () => {
    const small = join(root, 'small')
    mkdirSync(small)
    await mountTmpfs(small, ['size=16k', 'nr_inodes=200'])
    const smallDirs = nodeDirsAt(join(small, 'node'))
    const context = { client, clock: keptClock, logger: silentLogger, dirs: smallDirs }
    const onSmall = new NodeVolumes({ context, settings: SETTINGS, objects })
    const pod = await withVolume({ configMap: { name: 'big' } })
    await admin(CONFIG_MAPS).create(
      object('v1', 'ConfigMap', { name: 'big' }, { data: { file: 'x'.repeat(64 * 1024) } }),
    )
    await assert.rejects(onSmall.ensure(pod), {
      reason: 'FailedMount',
      message: /^MountVolume\.SetUp failed for volume "v" : no space left on the device of .*/,
    })
    await admin(CONFIG_MAPS).patch(
      { namespace: NAMESPACE, name: 'big' },
      { type: 'merge', body: { data: { file: 'small' } } },
    )
    await eventually('the smaller file', async () => {
      await onSmall.ensure(pod)
      return true
    })
    const container = { name: 'app', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }
    const [mount] = await onSmall.mountsOf({ pod, container, attempt: 0, podIps: [], env: [] })
    assert.equal(read(mount!.hostPath!, 'file'), 'small')
    await onSmall.removeAll()
    await unmount(small)
  })

  test('pods that nobody knows are found and removed', async () => {
    const pod = await createPod({
      volumes: [
        { name: 'v', secret: { secretName: 'keys' } },
        { name: 'w', emptyDir: { medium: 'Memory' } },
      ],
    })
    await volumes.ensure(pod)
    const later = fresh()
    assert.ok((await later.known()).includes(pod.metadata.uid!))
    await later.remove(pod.metadata.uid!)
    await later.remove(pod.metadata.uid!)
    await later.refresh(pod)
    assert.equal((await later.known()).includes(pod.metadata.uid!), false)
  })
})
