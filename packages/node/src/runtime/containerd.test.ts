import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '@brume/base/log'
import { mountsBelow } from '@brume/machine/mounts'
import { ownNames } from '@brume/machine/own-names'
import { type ProcessId, processId } from '@brume/machine/process-id'
import { run } from '@brume/machine/run'
import { startTestContainerd, type TestContainerd, whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { type Containerd, parseVersion, startContainerd } from './containerd.ts'
import { runtimePaths } from './paths.ts'
import { removeRuntime } from './remove.ts'

const skip = whyNoContainers() ?? (existsSync('/bin/busybox') ? false : 'busybox is not installed')

/** A container without an image: one static program in a directory. */
async function startSleeper({ containerd, dataDir }: TestContainerd, id: string): Promise<number> {
  const rootfs = join(dataDir, `rootfs-${id}`)
  mkdirSync(join(rootfs, 'bin'), { recursive: true })
  await run(['cp', '/bin/busybox', join(rootfs, 'bin/busybox')])
  const ctr = ['ctr', '--address', containerd.socket, '--namespace', 'k8s.io']
  const options = ['--detach', '--rootfs', '--runc-root', `${containerd.paths.state}/runc`]
  await run([...ctr, 'run', ...options, rootfs, id, '/bin/busybox', 'sleep', '3600'])
  const { stdout } = await run([...ctr, 'tasks', 'ls'])
  return Number(new RegExp(`^${id}\\s+(\\d+)\\s+RUNNING`, 'm').exec(stdout)![1])
}

describe('a containerd of its own', { skip, timeout: 120_000 }, () => {
  let test: TestContainerd
  let goesOn: ProcessId | undefined
  before(async () => {
    test = await startTestContainerd()
  })
  after(() => test.stop())

  it('has everything of its own below the data directory', () => {
    const { paths, socket } = test.containerd
    assert.ok(socket.startsWith(test.dataDir))
    const open = readFileSync(paths.config, 'utf8').match(/"\/(?!tmp\/brume-node-|usr\/)[^"]*"/g)
    assert.equal(open, null)
  })

  it('is started again when it is killed, and its containers go on', async () => {
    const pid = await startSleeper(test, 'goes-on')
    goesOn = processId(pid)!
    const { containerd } = test
    const killed = containerd.pid
    process.kill(killed, 'SIGKILL')
    await eventually(
      'another containerd answers',
      () => containerd.pid !== killed && containerd.trouble === '',
    )
    assert.deepEqual(processId(pid), goesOn)
    const { stdout } = await run(['ctr', '-a', containerd.socket, '-n', 'k8s.io', 'tasks', 'ls'])
    assert.match(stdout, new RegExp(`goes-on\\s+${pid}\\s+RUNNING`))
  })

  it('is adopted by the next one who starts it, and replaced when its configuration is another', async () => {
    const { containerd, dataDir } = test
    const pid = containerd.pid
    containerd.close()
    const adopted = await startContainerd({ dataDir, logger: silentLogger })
    assert.equal(adopted.pid, pid)
    adopted.close()
    const other = await startContainerd({ dataDir, logger: silentLogger, cniConfDir: '/etc/cni/net.d' })
    other.close()
    assert.notEqual(other.pid, pid)
    assert.equal(processId(pid), undefined)
    // An upgrade of Brume or of containerd stops no container.
    assert.deepEqual(processId(goesOn!.pid), goesOn)
  })

  it('is found by its configuration when the file that names it is lost', async () => {
    const { dataDir, containerd } = test
    const first = await startContainerd({ dataDir, logger: silentLogger })
    first.close()
    rmSync(containerd.paths.pid)
    // What it read is not known then: it is started anew rather than trusted, and never twice.
    const second = await startContainerd({ dataDir, logger: silentLogger })
    second.close()
    assert.equal(processId(first.pid), undefined)
    assert.notEqual(processId(second.pid), undefined)
  })

  it('is ended and started again when it hangs', async () => {
    const { dataDir } = test
    const containerd = await startContainerd({ dataDir, logger: silentLogger, lookEveryMs: 250 })
    const hanging = containerd.pid
    process.kill(hanging, 'SIGSTOP')
    await eventually(
      'another containerd answers',
      () => containerd.pid !== hanging && containerd.trouble === '',
    )
    assert.equal(processId(hanging), undefined)
    assert.deepEqual(processId(goesOn!.pid), goesOn)
    containerd.close()
  })

  it('is taken away with its containers, shims, mounts and groups', async () => {
    const { dataDir } = test
    const containerd = await startContainerd({ dataDir, logger: silentLogger })
    const pid = await startSleeper({ ...test, containerd }, 'is-removed')
    const runtime = containerd.pid
    containerd.close()
    await removeRuntime({ dataDir, images: false })
    await removeRuntime({ dataDir, images: false })
    assert.equal(processId(runtime), undefined)
    assert.equal(processId(pid), undefined)
    assert.deepEqual(mountsBelow(dataDir), [])
    const { stdout } = await run(['ps', '-eo', 'args'])
    assert.equal(stdout.includes(dataDir), false)
    assert.equal(existsSync(`/sys/fs/cgroup/memory${ownNames(dataDir).cgroup}`), false)
  })

  it('says why it does not start', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'brume-node-'))
    const paths = runtimePaths(dataDir)
    mkdirSync(join(paths.root, 'io.containerd.metadata.v1.bolt', 'meta.db'), { recursive: true })
    let started: Containerd | undefined
    try {
      await assert.rejects(
        startContainerd({ dataDir, logger: silentLogger }).then((containerd) => {
          started = containerd
        }),
        /containerd does not start: .*meta\.db/,
      )
    } finally {
      started?.close()
      await removeRuntime({ dataDir, images: true })
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

  it('starts below a directory whose name is too long for a socket', async () => {
    const top = mkdtempSync(join(tmpdir(), 'brume-node-'))
    const dataDir = join(top, 'long-'.repeat(20))
    try {
      const containerd = await startContainerd({ dataDir, logger: silentLogger })
      const pid = await startSleeper({ dataDir, containerd, stop: async () => {} }, 'far-below')
      assert.notEqual(processId(pid), undefined)
      containerd.close()
    } finally {
      await removeRuntime({ dataDir, images: true })
      rmSync(top, { recursive: true, force: true })
    }
    assert.equal(existsSync(ownNames(dataDir).shortDir), false)
  })
})

describe('the version of containerd', () => {
  it('is read from what distributions print', () => {
    const versions = [
      'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3',
      'containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da',
      'containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4e490e9fbdc236c0e811ccaba3376',
    ]
    assert.deepEqual(versions.map(parseVersion), [
      { major: 1, minor: 6 },
      { major: 1, minor: 7 },
      { major: 2, minor: 1 },
    ])
    assert.equal(parseVersion('something else'), undefined)
  })
})
