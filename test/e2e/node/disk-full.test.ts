// A pod fills the node's disk: the node says so, gives that pod up, and the others go on. The disk is a small file system
// in memory, made for this test.

import assert from 'node:assert/strict'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { EVENTS, NODES, PODS } from '@brume/client/builtin'
import { run } from '@brume/machine/run'
import { BUSYBOX_IMAGE, whyNoBusybox } from '@brume/testkit/busybox-image'
import { startTestCloud, type TestCloud } from '@brume/testkit/cloud'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'

const skip = whyNoContainers() ?? whyNoBusybox() ?? false
const namespace = 'default'
const DISK = 'size=400m'
const FILL_MB = 360

describe('a node whose disk is filled', { skip, timeout: 150_000 }, () => {
  const usualTmp = process.env['TMPDIR']
  let disk: string
  let cloud: TestCloud | undefined

  before(async () => {
    disk = mkdtempSync(join(tmpdir(), 'brume-disk-'))
    await run(['mount', '-t', 'tmpfs', '-o', DISK, 'brume-test', disk])
    process.env['TMPDIR'] = disk
    cloud = await startTestCloud()
  })
  after(async () => {
    await cloud?.stop()
    if (usualTmp === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = usualTmp
    await run(['umount', disk])
    rmdirSync(disk)
  })

  const client = () => cloud!.plane.client
  const pod = (name: string) => client().resource<KubeObject>(PODS).get({ namespace, name })
  const node = () => client().resource<KubeObject>(NODES).get({ name: cloud!.node.nodeName })
  const create = (name: string, script: string) =>
    client()
      .resource<KubeObject>(PODS)
      .create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace, name },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'c',
              image: BUSYBOX_IMAGE,
              command: ['sh', '-c', script],
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
          volumes: [{ name: 'data', emptyDir: {} }],
        },
      })

  it('has a condition and a taint with the reason, and gives up the pod that filled it', async () => {
    await create('modest', 'echo 1 > /data/x; sleep 3600')
    await eventually('it runs', async () => (await pod('modest'))['status'].phase === 'Running')
    await create('greedy', `dd if=/dev/zero of=/data/x bs=1M count=${FILL_MB}; sleep 3600`)
    const evicted = await eventually('the eviction', async () => {
      const found = await pod('greedy')
      return found['status'].phase === 'Failed' ? found : undefined
    })
    assert.equal(evicted['status'].reason, 'Evicted')
    assert.match(
      evicted['status'].message,
      /^The node was low on resource: ephemeral-storage\. Threshold quantity: /,
    )
    const pressure = await eventually('the condition', async () =>
      (await node())['status'].conditions.find(
        ({ type, status }: Record<string, string>) => type === 'DiskPressure' && status === 'True',
      ),
    )
    assert.match(pressure.message, /^kubelet has disk pressure: \w+fs\.available is \w+, less than \w+$/)
    await eventually('the taint', async () =>
      (await node())['spec'].taints?.some(
        ({ key }: { key: string }) => key === 'node.kubernetes.io/disk-pressure',
      ),
    )
    const { items } = await client().resource<KubeObject>(EVENTS).list({ namespace })
    assert.ok(items.some(({ reason }) => reason === 'EvictionThresholdMet'))
  })

  it('goes on with the other pods, and has its space back', async () => {
    const { status } = await pod('modest')
    assert.equal(status.phase, 'Running')
    assert.equal(status.containerStatuses[0].restartCount, 0)
    await eventually('space', async () => {
      const { stdout } = await run(['df', '--output=pcent', disk])
      return Number(/(\d+)%/.exec(stdout)?.[1]) < 50
    })
  })
})
