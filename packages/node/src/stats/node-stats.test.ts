// What the agent tells about a container that really runs, on the machine's own control groups.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { systemClock } from '@brume/base/clock'
import { ownNames } from '@brume/machine/own-names'
import { BUSYBOX_IMAGE, importBusybox, whyNoBusybox } from '@brume/testkit/busybox-image'
import { startTestContainerd, type TestContainerd, whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { podCgroup } from '../containers/cgroup-config.ts'
import { PodCgroups } from '../containers/cgroups.ts'
import { mountedHierarchies } from '../containers/hierarchies.ts'
import { CONTAINER_NAME, podLabels, podLogDir } from '../containers/names.ts'
import { type Cri, connectCri } from '../cri/cri.ts'
import { NAMESPACE_NODE } from '../cri/enums.ts'
import { ensureSandboxImage } from '../runtime/import-image.ts'
import { testNodeContext } from '../testing/node-context.ts'
import { volumeDir } from '../volumes/paths.ts'
import { type NodeStats, nodeStats } from './node-stats.ts'
import { volumeUsages } from './volume-usage.ts'

const skip = whyNoContainers() ?? whyNoBusybox() ?? false

const POD: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name: 'busy', uid: 'pod-1' },
  spec: {
    hostNetwork: true,
    containers: [
      { name: 'loop', image: BUSYBOX_IMAGE, volumeMounts: [{ name: 'kept', mountPath: '/kept' }] },
    ],
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'kept', persistentVolumeClaim: { claimName: 'kept-0' } },
    ],
  },
  status: { startTime: '2026-01-01T00:00:00Z' },
}

describe('the figures of a node', { skip, timeout: 120_000 }, () => {
  let test: TestContainerd
  let cri: Cri
  let stats: NodeStats
  let id: string

  before(async () => {
    test = await startTestContainerd()
    cri = connectCri(test.containerd.socket)
    await Promise.all([ensureSandboxImage(test.containerd.paths, cri), importBusybox(test.containerd.paths)])
    await eventually('the image is known', async () => (await cri.imageStatus(BUSYBOX_IMAGE)) !== undefined)
    const hierarchies = await mountedHierarchies()
    const cgroupRoot = `${ownNames(test.dataDir).cgroup}/kubepods`
    const cgroups = new PodCgroups({ hierarchies, root: cgroupRoot, clock: systemClock })
    await cgroups.ensureRoot()
    await cgroups.ensure(POD)
    const context = testNodeContext({ root: join(test.dataDir, 'node'), cri })
    const cgroupParent = podCgroup(cgroupRoot, POD)
    const logDirectory = podLogDir(context.dirs.logs, POD)
    mkdirSync(join(logDirectory, 'loop'), { recursive: true })
    writeFileSync(join(logDirectory, 'loop', '0.log.old'), 'x'.repeat(100_000))
    const volume = volumeDir(context.dirs, 'pod-1', 'empty-dir', 'data')
    mkdirSync(volume, { recursive: true })
    writeFileSync(join(volume, 'file'), 'x'.repeat(50_000))
    const labels = podLabels(POD)
    const namespaceOptions = { network: NAMESPACE_NODE }
    const sandboxConfig = {
      metadata: { name: 'busy', namespace: 'ns', uid: 'pod-1', attempt: 0 },
      logDirectory,
      labels,
      linux: { cgroupParent, securityContext: { namespaceOptions } },
    }
    const podSandboxId = await cri.runPodSandbox(sandboxConfig)
    id = await cri.createContainer({
      podSandboxId,
      sandboxConfig,
      config: {
        metadata: { name: 'loop', attempt: 0 },
        image: { image: BUSYBOX_IMAGE, userSpecifiedImage: BUSYBOX_IMAGE },
        command: ['sh', '-c', 'dd if=/dev/zero of=/written bs=1M count=3; while :; do :; done'],
        labels: { ...labels, [CONTAINER_NAME]: 'loop' },
        logPath: 'loop/0.log',
        mounts: [{ containerPath: '/kept', hostPath: volume }],
        linux: { resources: {}, securityContext: { namespaceOptions } },
      },
    })
    await cri.startContainer(id)
    stats = nodeStats(context, {
      hierarchies,
      cgroupRoot,
      pods: () => [POD],
      volumes: volumeUsages(context),
      probeCounts: () => [],
      evictions: () => new Map([['memory.available', 2]]),
      version: () => 'v1.32.3+brume',
    })
  })
  after(async () => {
    cri?.close()
    await test?.stop()
  })
  const text = async (path: string) => (await stats.documents[path]!()).body

  it('name what a container uses just now, at the first question', async () => {
    const summary = JSON.parse(await text('/stats/summary'))
    const { node, pods } = summary
    assert.equal(node.nodeName, 'n1')
    assert.ok(node.cpu.usageNanoCores > 0 && node.memory.workingSetBytes > 0 && node.fs.capacityBytes > 0)
    assert.equal(pods.length, 1)
    assert.deepEqual(pods[0].podRef, { name: 'busy', namespace: 'ns', uid: 'pod-1' })
    const [loop] = pods[0].containers
    assert.equal(loop.name, 'loop')
    // It takes all that it gets of one core; others may take much of that away.
    assert.ok(loop.cpu.usageNanoCores > 1e6, JSON.stringify(loop.cpu))
    assert.ok(loop.memory.workingSetBytes > 0)
    assert.ok(loop.logs.usedBytes >= 100_000)
    assert.ok(pods[0].cpu.usageCoreNanoSeconds >= loop.cpu.usageCoreNanoSeconds)
    assert.equal(pods[0].network, undefined)
    assert.equal(pods[0].volume[0].name, 'data')
    assert.ok(pods[0].volume[0].usedBytes >= 50_000)
    assert.deepEqual(pods[0].volume[1].pvcRef, { name: 'kept-0', namespace: 'ns' })
    assert.ok(pods[0].volume[1].capacityBytes > 0)
    assert.ok(pods[0]['ephemeral-storage'].usedBytes >= 150_000)
  })

  it('are measured once for many who ask', async () => {
    const [first, second] = await Promise.all([stats.current(), stats.current()])
    assert.equal(first, second)
    assert.equal(await stats.current(), first)
  })

  it('are metrics under the names that dashboards know', async () => {
    const cadvisor = await text('/metrics/cadvisor')
    const labels = `container="loop",id="[^"]*/podpod-1/${id}",image="${BUSYBOX_IMAGE}",name="${id}",namespace="ns",pod="busy"`
    assert.match(cadvisor, new RegExp(`^container_cpu_usage_seconds_total\\{${labels}\\} [\\d.]+ \\d+$`, 'm'))
    assert.match(cadvisor, new RegExp(`^container_memory_working_set_bytes\\{${labels}\\} \\d+ \\d+$`, 'm'))
    assert.match(cadvisor, /^container_memory_working_set_bytes\{container="",.*pod="busy"\} \d+ \d+$/m)
    const resource = await text('/metrics/resource')
    assert.match(
      resource,
      /^container_cpu_usage_seconds_total\{container="loop",namespace="ns",pod="busy"\} [\d.]+ \d+$/m,
    )
    assert.match(resource, /^node_memory_working_set_bytes \d+ \d+$/m)
    assert.match(resource, /^resource_scrape_error 0 \d+$/m)
    const agent = await text('/metrics')
    assert.match(agent, /^kubelet_running_pods 1$/m)
    const claim = 'namespace="ns",persistentvolumeclaim="kept-0"'
    assert.match(agent, new RegExp(`^kubelet_volume_stats_capacity_bytes\\{${claim}\\} [1-9]\\d+$`, 'm'))
    assert.match(agent, /^kubelet_running_containers\{container_state="running"\} 1$/m)
    assert.match(agent, /^kubelet_evictions\{eviction_signal="memory.available"\} 2$/m)
  })

  it('leave out a pod that does not run', async () => {
    await cri.stopPodSandbox((await cri.listPodSandboxes())[0]!.id!)
    assert.match(await text('/metrics'), /^kubelet_running_pods 0$/m)
  })
})
