// What a pod asks for is what its processes find: configurations and volumes, in real containers.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { silentLogger } from '@brume/base/log'
import { CONFIG_MAPS, NODES, PODS, SECRETS, SERVICE_ACCOUNTS, SERVICES } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { mountsBelow } from '@brume/machine/mounts'
import { ownNames } from '@brume/machine/own-names'
import { BUSYBOX_IMAGE, importBusybox, whyNoBusybox } from '@brume/testkit/busybox-image'
import { startTestContainerd, type TestContainerd, whyNoContainers } from '@brume/testkit/containerd'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { nodeTransport } from '@brume/testkit/node-user'
import { nodeDirsAt } from '../agent/dirs.ts'
import type { NodeDirs, Pod } from '../contract.ts'
import { type Cri, connectCri } from '../cri/cri.ts'
import { ensureSandboxImage } from '../runtime/import-image.ts'
import { keptClock as clock } from '../testing/kept-clock.ts'
import { WatchedObjects } from '../volumes/object-source.ts'
import { NodeVolumes } from '../volumes/pod-volumes.ts'
import { PodCgroups } from './cgroups.ts'
import { containerConfigOf } from './container.ts'
import { environmentOf } from './env.ts'
import { loadEnvObjects } from './env-objects.ts'
import { cgroupSettingsOf, type Hierarchy, mountedHierarchies } from './hierarchies.ts'
import { containerLogPath, podLogDir } from './names.ts'
import { sandboxConfigOf } from './sandbox.ts'
import { writeSandboxProfile } from './sandbox-profile.ts'
import type { NodeSettings } from './settings.ts'
import { SETTINGS } from './testing.ts'

const namespace = 'default'
const skip = whyNoContainers() ?? whyNoBusybox() ?? false

describe('in containers', { skip, timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let runtime: TestContainerd
  let cri: Cri
  let client: Client
  let dirs: NodeDirs
  let settings: NodeSettings
  let hierarchies: Hierarchy[]
  let cgroups: PodCgroups
  let objects: WatchedObjects
  let volumes: NodeVolumes

  before(async () => {
    ;[plane, runtime] = await Promise.all([startTestControlPlane(), startTestContainerd()])
    cri = connectCri(runtime.containerd.socket)
    dirs = nodeDirsAt(join(runtime.dataDir, 'node'))
    hierarchies = await mountedHierarchies()
    const root = `${ownNames(runtime.dataDir).cgroup}/kubepods`
    const sandboxProfile = join(runtime.dataDir, 'sandbox-seccomp.json')
    settings = {
      ...SETTINGS,
      cgroups: cgroupSettingsOf(hierarchies, root),
      logsDir: dirs.logs,
      sandboxProfile,
    }
    cgroups = new PodCgroups({ hierarchies, root, clock })
    client = new Client({ transport: await nodeTransport(plane, 'n1') })
    objects = new WatchedObjects({ client, clock, logger: silentLogger })
    volumes = new NodeVolumes({ context: { client, clock, logger: silentLogger, dirs }, settings, objects })
    writeSandboxProfile(settings)
    await Promise.all([
      ensureSandboxImage(runtime.containerd.paths, cri),
      importBusybox(runtime.containerd.paths),
      cgroups.ensureRoot(),
      plane.client.resource(NODES).create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }),
      create(CONFIG_MAPS, 'ConfigMap', 'settings', { data: { color: 'blue' } }),
      create(SECRETS, 'Secret', 'keys', { stringData: { token: 's3cret' } }),
      eventually('the service account', () =>
        plane.client.resource(SERVICE_ACCOUNTS).get({ namespace, name: 'default' }),
      ),
    ])
    await eventually('the image is known', async () => (await cri.imageStatus(BUSYBOX_IMAGE)) !== undefined)
  })

  after(async () => {
    await objects.stop()
    client.transport.close()
    cri.close()
    await Promise.all([plane.stop(), runtime.stop()])
  })

  const create = (ref: typeof PODS, kind: string, name: string, fields: object): Promise<KubeObject> =>
    plane.client.resource(ref).create({ apiVersion: 'v1', kind, metadata: { name, namespace }, ...fields })

  interface Running {
    pod: Pod
    sandbox: string
    id: string
    exec(...command: string[]): Promise<{ exitCode: number; stdout: string }>
    end(): Promise<void>
  }

  /** One container named `app` on the machine's own network. */
  async function start(name: string, container: object, spec: object = {}): Promise<Running> {
    const app = { name: 'app', image: BUSYBOX_IMAGE, command: ['sleep', '3600'], ...container }
    const pod = await create(PODS, 'Pod', name, {
      spec: { nodeName: 'n1', hostNetwork: true, containers: [app], ...spec },
    })
    const uid = pod.metadata.uid!
    objects.register(pod)
    await Promise.all([volumes.ensure(pod), cgroups.ensure(pod)])
    const sandboxConfig = sandboxConfigOf(pod, 0, settings)
    mkdirSync(join(podLogDir(dirs.logs, pod), containerLogPath('app', 0), '..'), { recursive: true })
    const sandbox = await cri.runPodSandbox(sandboxConfig)
    const made = pod['spec'].containers[0]
    const env = environmentOf({
      pod,
      container: made,
      podIps: [],
      objects: await loadEnvObjects(objects, pod, made),
      services: await plane.client
        .resource(SERVICES)
        .list()
        .then(({ items }) => items),
      settings,
    })
    const config = containerConfigOf({
      pod,
      container: made,
      attempt: 0,
      imageRef: BUSYBOX_IMAGE,
      imageUser: { uid: 0 },
      env,
      mounts: await volumes.mountsOf({ pod, container: made, attempt: 0, podIps: [], env }),
      devices: await volumes.devicesOf(pod, made),
      settings,
    })
    const id = await cri.createContainer({ podSandboxId: sandbox, config, sandboxConfig })
    await cri.startContainer(id)
    return {
      pod,
      sandbox,
      id,
      async exec(...command) {
        const { exitCode, stdout, stderr } = await cri.execSync(id, command, 30)
        return { exitCode, stdout: stdout.toString() + stderr.toString() }
      },
      async end() {
        await cri.stopPodSandbox(sandbox)
        await cri.removePodSandbox(sandbox)
        await volumes.remove(uid)
        await cgroups.remove(uid)
        objects.unregister(uid)
      },
    }
  }

  test('a process runs as whom, with what, and within what the pod says', async (t) => {
    const running = await start(
      'limited',
      {
        env: [
          { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
          { name: 'BOTH', value: '$(COLOR) $$(COLOR)' },
          { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } },
        ],
        resources: { requests: { cpu: '100m' }, limits: { cpu: '500m', memory: '64Mi' } },
        securityContext: {
          runAsUser: 1000,
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
          seccompProfile: { type: 'RuntimeDefault' },
        },
        workingDir: '/tmp',
      },
      {
        securityContext: { runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000], runAsNonRoot: true },
      },
    )
    t.after(() => running.end())
    const { stdout: env } = await running.exec('env')
    for (const line of [
      'COLOR=blue',
      'BOTH=blue $(COLOR)',
      `LIMIT=${64 * 1024 ** 2}`,
      'KUBERNETES_SERVICE_HOST=10.96.0.1',
    ]) {
      assert.ok(env.split('\n').includes(line), `${line} in ${env}`)
    }
    const { stdout: id } = await running.exec('sh', '-c', 'id -u; id -g; id -G; pwd')
    assert.deepEqual(id.trim().split('\n'), ['1000', '3000', '3000 2000 4000', '/tmp'])
    const { stdout: status } = await running.exec('cat', '/proc/1/status')
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]
    assert.deepEqual([field('CapBnd'), field('NoNewPrivs'), field('Seccomp')], ['0000000000000400', '1', '2'])
    assert.notEqual((await running.exec('touch', '/x')).exitCode, 0)
    assert.equal((await running.exec('cat', '/proc/timer_list')).stdout, '')
    assert.notEqual((await running.exec('sh', '-c', 'echo 1 > /proc/sys/kernel/panic')).exitCode, 0)
    const path = `${settings.cgroups.root}/burstable/pod${running.pod.metadata.uid}/${running.id}`
    const value = (controller: string, one: string, two: string) => {
      const { path: top, version } = hierarchies.find(({ controllers }) => controllers.includes(controller))!
      return readFileSync(join(top, path, version === 1 ? one : two), 'utf8').trim()
    }
    assert.equal(value('memory', 'memory.limit_in_bytes', 'memory.max'), String(64 * 1024 ** 2))
    assert.match(value('cpu', 'cpu.cfs_quota_us', 'cpu.max'), /^50000/)
  })

  test("the process that holds a pod's namespaces is filtered too, whether containers see it or not", async (t) => {
    for (const [name, spec] of [
      ['alone', {}],
      ['shared', { shareProcessNamespace: true }],
    ] as const) {
      const running = await start(name, {}, spec)
      t.after(() => running.end())
      const { path } = hierarchies.find(({ controllers }) => controllers.includes('pids')) ?? hierarchies[0]!
      const group = join(path, settings.cgroups.root, 'besteffort', `pod${running.pod.metadata.uid}`)
      const pid = readFileSync(join(group, running.sandbox, 'cgroup.procs'), 'utf8').trim()
      assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Seccomp:\s*2$/m)
    }
  })

  test('volumes are there, follow their objects, and leave nothing', async (t) => {
    const disk = join(runtime.dataDir, 'disk')
    mkdirSync(join(disk, 'part'), { recursive: true })
    writeFileSync(join(disk, 'part', 'file'), 'of the node')
    const running = await start(
      'with-volumes',
      {
        env: [{ name: 'PART', value: 'part' }],
        volumeMounts: [
          { name: 'settings', mountPath: '/settings' },
          { name: 'keys', mountPath: '/settings-keys/token', subPath: 'token' },
          { name: 'scratch', mountPath: '/scratch' },
          { name: 'memory', mountPath: '/memory' },
          { name: 'disk', mountPath: '/disk', subPathExpr: '$(PART)', readOnly: true },
        ],
      },
      {
        volumes: [
          { name: 'settings', configMap: { name: 'settings' } },
          { name: 'keys', secret: { secretName: 'keys' } },
          { name: 'scratch', emptyDir: {} },
          { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
          { name: 'disk', hostPath: { path: disk, type: 'Directory' } },
        ],
      },
    )
    let ended = false
    t.after(() => (ended ? undefined : running.end()))
    const read = async (path: string) => (await running.exec('cat', path)).stdout
    assert.equal(await read('/settings/color'), 'blue')
    assert.equal(await read('/settings-keys/token'), 's3cret')
    assert.equal(await read('/disk/file'), 'of the node')
    assert.match(await read('/etc/hosts'), /^# Kubernetes-managed hosts file \(host network\)\./)
    assert.match(await read('/var/run/secrets/kubernetes.io/serviceaccount/token'), /^eyJ/)
    assert.equal(
      (await running.exec('sh', '-c', 'echo kept > /scratch/x && cat /scratch/x')).stdout,
      'kept\n',
    )
    for (const path of ['/settings/color', '/settings-keys/token', '/disk/file']) {
      assert.notEqual((await running.exec('sh', '-c', `echo x > ${path}`)).exitCode, 0, path)
    }
    assert.notEqual(
      (await running.exec('dd', 'if=/dev/zero', 'of=/memory/big', 'bs=1M', 'count=2')).exitCode,
      0,
    )
    await running.exec('sh', '-c', 'echo -n because > /dev/termination-log')
    const { mounts = [] } = await cri.containerStatus(running.id)
    const message = mounts.find(({ containerPath }) => containerPath === '/dev/termination-log')
    assert.equal(readFileSync(message!.hostPath!, 'utf8'), 'because')
    const body = { data: { color: 'red' } }
    await plane.client.resource(CONFIG_MAPS).patch({ namespace, name: 'settings' }, { type: 'merge', body })
    await eventually('the new file', async () => {
      await volumes.refresh(running.pod)
      return (await read('/settings/color')) === 'red'
    })
    await running.end()
    ended = true
    assert.equal((await volumes.known()).includes(running.pod.metadata.uid!), false)
    assert.deepEqual(mountsBelow(dirs.pods), [])
    assert.equal(readFileSync(join(disk, 'part', 'file'), 'utf8'), 'of the node')
  })

  test('a privileged container of the node sees the node', async (t) => {
    const running = await start(
      'privileged',
      { securityContext: { privileged: true } },
      { hostPID: true, hostIPC: true, automountServiceAccountToken: false },
    )
    t.after(() => running.end())
    const { stdout: status } = await running.exec('cat', '/proc/self/status')
    const own = readFileSync('/proc/self/status', 'utf8')
    const capabilities = (text: string) => /^CapBnd:\s*(.*)$/m.exec(text)?.[1]
    assert.equal(capabilities(status), capabilities(own))
    assert.match(status, /^Seccomp:\s*0$/m)
    const { stdout } = await running.exec('cat', `/proc/${process.pid}/comm`)
    assert.equal(stdout, readFileSync('/proc/self/comm', 'utf8'))
  })
})
