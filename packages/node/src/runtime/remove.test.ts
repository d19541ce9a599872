import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '@brume/base/log'
import { mountsBelow } from '@brume/machine/mounts'
import { ownNames } from '@brume/machine/own-names'
import { run } from '@brume/machine/run'
import { startTestContainerd, type TestContainerd, whyNoContainers } from '@brume/testkit/containerd'
import { type Cri, connectCri } from '../cri/cri.ts'
import { ensureNetwork, type PodNetwork } from '../network/network.ts'
import { forgetEarlierBoot } from './boot.ts'
import { startContainerd } from './containerd.ts'
import { ensureSandboxImage } from './import-image.ts'
import { rotateLog } from './launch.ts'
import { removeRuntime } from './remove.ts'

const SANDBOX_NOTREADY = 1

describe('a runtime that was broken off', { skip: whyNoContainers() ?? false, timeout: 120_000 }, () => {
  let test: TestContainerd
  let cri: Cri
  let network: PodNetwork
  before(async () => {
    test = await startTestContainerd()
    cri = connectCri(test.containerd.socket)
    network = await ensureNetwork({ dataDir: test.dataDir, logger: silentLogger })
    await ensureSandboxImage(test.containerd.paths, cri)
    mkdirSync(join(test.dataDir, 'node/logs'), { recursive: true })
  })
  after(async () => {
    cri.close()
    await test.stop()
  })

  const startPod = (name: string) =>
    cri.runPodSandbox({
      metadata: { name, uid: name, namespace: 'default', attempt: 0 },
      hostname: name,
      logDirectory: join(test.dataDir, 'node/logs'),
      linux: {},
    })
  const ownProcesses = async () =>
    (await run(['ps', '-eo', 'args'])).stdout.split('\n').filter((line) => line.includes(`${test.dataDir}/`))

  it('shows the pods of an earlier boot as ended, and lets go of their addresses', async () => {
    const id = await startPod('before')
    assert.equal((await cri.podSandboxStatus(id)).network?.ip, network.range!.replace('0/24', '2'))
    test.containerd.close()
    // What a restart of the machine leaves: no process, no mount, the state of another boot.
    await removeRuntime({ dataDir: test.dataDir, images: false })
    const { paths } = test.containerd
    mkdirSync(paths.state, { recursive: true })
    writeFileSync(join(paths.state, 'of-another-boot'), '')
    writeFileSync(paths.boot, 'another\n')
    const containerd = await startContainerd({ dataDir: test.dataDir, logger: silentLogger })
    containerd.close()
    assert.equal(existsSync(join(paths.state, 'of-another-boot')), false)
    const [sandbox] = await cri.listPodSandboxes()
    assert.equal(sandbox!.id, id)
    assert.equal(sandbox!.state, SANDBOX_NOTREADY)
    await cri.stopPodSandbox(id)
    await cri.removePodSandbox(id)
    assert.deepEqual(await cri.listPodSandboxes(), [])
    const address = join(paths.cniState, ownNames(test.dataDir).table, network.range!.replace('0/24', '2'))
    assert.equal(existsSync(address), false)
  })

  it('never clears the state of this boot, nor one in which something is mounted', async () => {
    const { paths } = test.containerd
    const kept = join(paths.state, 'kept')
    writeFileSync(kept, '')
    forgetEarlierBoot(paths)
    assert.equal(existsSync(kept), true)
    const mounted = join(paths.state, 'mounted')
    mkdirSync(mounted)
    await run(['mount', '-t', 'tmpfs', 'tmpfs', mounted])
    forgetEarlierBoot(paths, 'another')
    assert.equal(existsSync(kept), true)
    await run(['umount', mounted])
  })

  it("never removes a user's files through a mount, and takes everything else away without any record", async () => {
    const { paths } = test.containerd
    await startPod('recordless')
    const users = mkdtempSync(join(tmpdir(), 'brume-users-'))
    try {
      writeFileSync(join(users, 'precious'), 'data')
      const target = join(test.dataDir, 'node/pods/uid/volumes/host')
      mkdirSync(target, { recursive: true })
      await run(['mount', '--bind', users, target])
      for (const gone of [paths.pid, paths.config, join(paths.state, 'runc')])
        rmSync(gone, { recursive: true, force: true })
      await removeRuntime({ dataDir: test.dataDir, images: true })
      assert.deepEqual(await ownProcesses(), [])
      assert.deepEqual(mountsBelow(test.dataDir), [])
      assert.equal(existsSync(join(test.dataDir, 'node')), false)
      assert.equal(readFileSync(join(users, 'precious'), 'utf8'), 'data')
    } finally {
      rmSync(users, { recursive: true, force: true })
    }
  })
})

describe("containerd's log", () => {
  it('is cut when it has grown, while it is written to', () => {
    const dir = mkdtempSync(join(tmpdir(), 'brume-log-'))
    try {
      const path = join(dir, 'log')
      rotateLog(path)
      appendFileSync(path, 'x'.repeat(100))
      rotateLog(path, 100)
      assert.equal(existsSync(`${path}.1`), false)
      rotateLog(path, 99)
      assert.equal(readFileSync(`${path}.1`, 'utf8').length, 100)
      assert.equal(readFileSync(path, 'utf8'), '')
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
