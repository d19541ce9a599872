import assert from 'node:assert/strict'
import { existsSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CONFIG_MAPS, SECRETS } from '@brume/client/builtin'
import { mounts } from '@brume/machine/mounts'
import { eventually } from '@brume/testkit/eventually'
import {
  modeOf,
  NAMESPACE,
  readIn,
  skipVolumes,
  startVolumesBench,
  type VolumesBench,
} from '@brume/testkit/volumes-bench'

describe('volumes whose files come from the API', { skip: skipVolumes, timeout: 60_000 }, () => {
  let bench: VolumesBench

  before(async () => {
    bench = await startVolumesBench()
  })
  after(() => bench.stop())

  test('a configMap is files, and follows its object while containers run', async () => {
    const pod = await bench.withVolume({ configMap: { name: 'settings' } })
    await bench.volumes.ensure(pod)
    const dir = await bench.pathOf(pod)
    assert.equal(readIn(dir, 'color'), 'blue')
    assert.deepEqual([...readFileSync(join(dir, 'raw'))], [255, 239])
    assert.equal(modeOf(join(dir, 'color')), 0o644)
    const changed = new Set<string>()
    bench.objects.onChange((uid) => changed.add(uid))
    await bench
      .admin(CONFIG_MAPS)
      .patch(
        { namespace: NAMESPACE, name: 'settings' },
        { type: 'merge', body: { data: { color: 'red', size: null } } },
      )
    await eventually('the pod to hear of it', () => changed.has(pod.metadata.uid!))
    await eventually('the new file', async () => {
      await bench.volumes.refresh(pod)
      return readIn(dir, 'color') === 'red'
    })
    assert.equal(existsSync(join(dir, 'size')), false)
    const moment = readlinkSync(join(dir, '..data'))
    await bench.volumes.refresh(pod)
    await bench.fresh().refresh(pod)
    assert.equal(readlinkSync(join(dir, '..data')), moment)
    writeFileSync(join(dir, '..data', 'color'), 'forged')
    await bench.volumes.ensure(pod)
    assert.equal(readIn(dir, 'color'), 'red')
    await bench.volumes.refresh(pod)
  })

  test('a pod that waits for its Secret is left to its start: nothing is refreshed, nothing is said', async () => {
    const pod = await bench.withVolume({ secret: { secretName: 'later' } })
    await assert.rejects(bench.volumes.ensure(pod), /secret "later" not found/)
    await bench.volumes.refresh(pod)
    await bench.fresh().refresh(pod)
    await bench.create(SECRETS, 'Secret', 'later', { stringData: { a: 'b' } })
    await eventually('the secret is known', async () => {
      await bench.volumes.ensure(pod)
      return true
    })
    await bench.volumes.refresh(pod)
    assert.equal(readIn(await bench.pathOf(pod), 'a'), 'b')
  })

  test('a secret is in memory, mounted for reading, with the modes that were asked for', async () => {
    const pod = await bench.withVolume(
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
    await bench.volumes.ensure(pod)
    const dir = await bench.pathOf(pod)
    assert.equal(readIn(dir, 'deep/t'), 's3cret')
    assert.deepEqual([modeOf(join(dir, 'deep/t')), modeOf(join(dir, 'c'))], [0o440, 0o440])
    assert.equal(statSync(join(dir, 'c')).gid, 4242)
    assert.equal(existsSync(join(dir, 'token')), false)
    const on = mounts()
      .filter(({ path }) => dir.startsWith(`${path}/`))
      .pop()
    assert.equal(on?.type, 'tmpfs')
    assert.equal(modeOf(on!.path), 0o700)
    const container = { name: 'app', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }
    const [mount] = await bench.volumes.mountsOf({ pod, container, attempt: 0, podIps: [], env: [] })
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
        /: medium HugePages is for pods that ask for huge pages: give a container the limit hugepages-2Mi$/,
      ],
      [{ nfs: { server: 's', path: '/p' } }, /: volumes of the kind nfs cannot be mounted on this node$/],
      [{ csi: { driver: 'd.example' } }, /: volumes of the kind csi cannot be mounted on this node$/],
    ]
    for (const [source, expected] of cases) {
      const pod = await bench.withVolume(source)
      if (expected !== undefined) assert.match(await bench.problemOf(pod), expected)
      else await bench.volumes.ensure(pod)
      await bench.volumes.remove(pod.metadata.uid!)
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
      bench.admin(CONFIG_MAPS).get({ namespace: NAMESPACE, name: 'kube-root-ca.crt' }),
    )
    const pod = await bench.withVolume({ projected: { sources } }, { securityContext: { runAsUser: 1234 } })
    await bench.volumes.ensure(pod)
    const dir = await bench.pathOf(pod)
    const claims = JSON.parse(Buffer.from(readIn(dir, 'token').split('.')[1]!, 'base64url').toString())
    assert.equal(claims.sub, 'system:serviceaccount:default:default')
    assert.deepEqual(claims.aud, ['me'])
    assert.equal(claims['kubernetes.io'].pod.uid, pod.metadata.uid)
    assert.deepEqual([statSync(join(dir, 'token')).uid, modeOf(join(dir, 'token'))], [1234, 0o600])
    assert.match(readIn(dir, 'ca.crt'), /BEGIN CERTIFICATE/)
    assert.equal(readIn(dir, 'namespace'), NAMESPACE)
    assert.equal(readIn(dir, 'k'), 's3cret')
    const before = readIn(dir, 'token')
    await bench.volumes.refresh(pod)
    assert.equal(readIn(dir, 'token'), before)
  })

  test('fields and resources of the pod follow the pod', async () => {
    const items = [
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'cpu', resourceFieldRef: { containerName: 'app', resource: 'limits.cpu', divisor: '1m' } },
    ]
    const pod = await bench.withVolume({ downwardAPI: { items } })
    const labelled = { ...pod, metadata: { ...pod.metadata, labels: { b: '2', a: '1' } } }
    await bench.volumes.ensure(labelled)
    const dir = await bench.pathOf(pod)
    assert.equal(readIn(dir, 'labels'), 'a="1"\nb="2"')
    assert.equal(readIn(dir, 'cpu'), '1900')
    await bench.volumes.refresh({ ...pod, metadata: { ...pod.metadata, labels: { a: '3' } } })
    assert.equal(readIn(dir, 'labels'), 'a="3"')
  })
})
