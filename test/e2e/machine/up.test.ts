// `./brume up` on a machine, as the outside contract has it: containers run, outlive Brume, are adopted, are stopped
// when asked, and nothing is left after a reset.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { brume } from '@brume/cli/testing'
import { PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { mountsBelow } from '@brume/machine/mounts'
import { ownNames } from '@brume/machine/own-names'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { runMain, type ServerProcess, startServer } from '../crash/server-process.ts'

const PAUSE = 'registry.brume.internal/brume/pause:1'

const KEY = { namespace: 'default', name: 'web' }

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'pause',
        image: PAUSE,
        imagePullPolicy: 'Never',
        ports: [{ containerPort: 80, hostPort: 38_080 }],
      },
    ],
  },
}

describe('a cloud on this machine', { skip: whyNoContainers() ?? false, timeout: 240_000 }, () => {
  let dataDir = ''
  let server: ServerProcess
  let client: Client
  let first: KubeObject

  const start = async (...options: string[]) => {
    server = startServer(dataDir, { options })
    client = await server.ready()
  }
  const runningPod = () =>
    eventually('the pod runs', async () => {
      const pod = await client.resource(PODS).get(KEY)
      return pod.status?.phase === 'Running' && pod.status.containerStatuses?.[0]?.ready === true
        ? pod
        : undefined
    })
  const stateOf = ({ status }: KubeObject) => {
    const { containerID, restartCount, state } = status!.containerStatuses[0]
    return { containerID, restartCount, startedAt: state.running?.startedAt, podIP: status!.podIP }
  }
  /** Processes that were started with files of this cloud: containerd and shims. */
  const own = async () => {
    const { stdout } = await run(['ps', '-eo', 'pid,args'])
    return stdout.split('\n').filter((line) => line.includes(`${dataDir}/`) && line.includes('containerd'))
  }

  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'brume-up-'))
  })
  after(async () => {
    await server?.kill('SIGKILL')
    await runMain(['reset', '--data-dir', dataDir, '--yes'])
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('runs a container at once, without any registry', async () => {
    await start()
    await client.resource(PODS).create(POD)
    first = await runningPod()
    assert.match(first.status!.podIP, /^10\.\d+\.\d+\.\d+$/)
  })

  it('is well, says the doctor', async () => {
    const { code, out } = await brume(['doctor', '--data-dir', dataDir])
    assert.match(out, /^ok +containerd: runs$/m)
    assert.match(out, /^ok +cloud: the API is ready: 1 node, 1 pod$/m)
    assert.equal(code, 0, out)
  })

  it('adopts its containers after kill -9: nothing restarts', async () => {
    await server.kill('SIGKILL')
    assert.equal((await own()).length > 0, true)
    await start()
    await eventually('the node is known again', async () => stateOf(await runningPod()))
    assert.deepEqual(stateOf(await runningPod()), stateOf(first))
  })

  it('ends within 10 s with exit code 0, and its containers go on', async () => {
    const before = await own()
    assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null })
    assert.deepEqual(await own(), before)
    await start()
    assert.deepEqual(stateOf(await runningPod()), stateOf(first))
  })

  it('goes on with another containerd when that is killed, and the pod with it', async () => {
    const { stdout } = await run(['cat', join(dataDir, 'node/containerd/containerd.json')])
    process.kill(JSON.parse(stdout).pid, 'SIGKILL')
    await eventually('another containerd runs', async () => {
      const { code } = await brume(['doctor', '--data-dir', dataDir])
      return code === 0
    })
    assert.deepEqual(stateOf(await runningPod()), stateOf(first))
  })

  it('stops containers too when asked, and starts them again the next time', async () => {
    const { code, stdout, stderr } = await runMain(['down', '--data-dir', dataDir, '--stop-workloads'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^stopped 1 pod$/m)
    assert.deepEqual(await own(), [])
    await start()
    const again = await eventually('the pod runs anew', async () => {
      const pod = await runningPod()
      return stateOf(pod).containerID !== stateOf(first).containerID && pod
    })
    assert.equal(again.metadata.uid, first.metadata.uid)
  })

  it('leaves nothing on the machine after a reset, and no file of others is touched', async () => {
    const keep = join(dataDir, 'keep')
    writeFileSync(keep, 'mine')
    const names = ownNames(dataDir)
    assert.match((await run(['nft', 'list', 'tables'])).stdout, new RegExp(`table ip ${names.table}\n`))
    const { code, stderr } = await runMain(['reset', '--data-dir', dataDir, '--yes'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(readdirSync(dataDir), ['keep'])
    assert.deepEqual(mountsBelow(dataDir), [])
    assert.deepEqual(await own(), [])
    assert.equal((await run(['nft', 'list', 'tables'])).stdout.includes(`${names.table}\n`), false)
    assert.equal((await run(['ip', '-br', 'link'])).stdout.includes(names.bridge), false)
    assert.equal(existsSync(`/sys/fs/cgroup/memory${names.cgroup}`), false)
    const again = await runMain(['reset', '--data-dir', dataDir, '--yes'])
    assert.match(again.stderr, /is no data directory of Brume/)
  })
})
