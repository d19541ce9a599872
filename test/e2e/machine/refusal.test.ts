// `./brume up` where containers cannot run: it says so, with what to do, before anything is touched.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { hostRoutes } from '@brume/node/network/host'
import { whyNoContainers } from '@brume/testkit/containerd'
import { MAIN, runMain } from '../crash/server-process.ts'

const NOBODY = 65_534
const skip = process.getuid?.() === 0 ? false : 'only root can be another user'

/** The machine's own network. */
const route = (await hostRoutes().catch(() => [])).find(
  ({ dst, dev }) => /^\d.*\/(1[6-9]|2\d)$/.test(dst) && !dev?.startsWith('brume'),
)

describe('a cloud on a machine that is not fit', { timeout: 120_000 }, () => {
  let dir = ''
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'brume-refusal-'))
    chmodSync(dir, 0o777)
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  it('is refused to somebody without root, who may have the control plane alone', { skip }, async () => {
    const dataDir = join(dir, 'nobody')
    const child = spawn(process.execPath, [MAIN, 'up', '--data-dir', dataDir, '--listen', '127.0.0.1:0'], {
      uid: NOBODY,
      gid: NOBODY,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    const code = await new Promise((resolve) => child.once('close', resolve))
    assert.equal(code, 1)
    assert.match(output, /^brume: problem {2}rights: containers need root$/m)
    assert.match(output, /^brume: +next: sudo \.\/brume up, or \.\/brume up --no-node /m)
    assert.match(output, /nothing was changed\nnext: mend it and run this again/)
    assert.equal(existsSync(dataDir), false)
  })

  it('is refused when the port is taken, and nothing was made', {
    skip: whyNoContainers() ?? false,
  }, async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    try {
      const dataDir = join(dir, 'port')
      const { code, stderr } = await runMain(['up', '--data-dir', dataDir, '--listen', `0.0.0.0:${port}`])
      assert.equal(code, 1)
      assert.match(
        stderr,
        new RegExp(`problem {2}ports: port ${port} for the API is in use by another program`),
      )
      assert.equal(existsSync(dataDir), false)
    } finally {
      other.close()
    }
  })

  it('is refused a name that no node can have', { skip: whyNoContainers() ?? false }, async () => {
    const dataDir = join(dir, 'name')
    const args = ['up', '--data-dir', dataDir, '--listen', '127.0.0.1:0', '--node-name', 'My_Box']
    const { code, stderr } = await runMain(args)
    assert.equal(code, 1)
    assert.match(stderr, /problem {2}name: "My_Box" is no name for a node/)
    assert.equal(existsSync(dataDir), false)
  })

  it('is told what is wrong with a range before anything is touched', {
    skip: whyNoContainers() ?? (route === undefined ? 'this machine has no route' : false),
  }, async () => {
    const dataDir = join(dir, 'ranges')
    const [around] = /^\d+\.\d+\./.exec(route!.dst)!
    for (const flag of ['--pod-range', '--service-range']) {
      for (const [range, code, message] of [
        ['127.0.0.1', 2, /127\.0\.0\.1 is not a range of IPv4 addresses such as 10\./],
        [`${around}0.0/16`, 1, /overlaps the route over \S+ \(/],
      ] as const) {
        const args = ['up', '--data-dir', dataDir, '--listen', '127.0.0.1:0', flag, range]
        const refused = await runMain(args)
        assert.equal(refused.code, code, refused.stderr)
        assert.match(refused.stderr, message)
        assert.match(refused.stderr, new RegExp(`^next: \\./brume up ${flag} \\d+\\.\\d+\\.`, 'm'))
        assert.equal(existsSync(dataDir), false)
      }
    }
  })

  it('ends again when its network cannot be made, and says why', {
    skip: whyNoContainers() ?? false,
  }, async () => {
    const dataDir = join(dir, 'network')
    const args = ['up', '--data-dir', dataDir, '--listen', '127.0.0.1:0']
    const empty = join(dir, 'no-conf')
    const site = await runMain([...args, '--cni-conf', empty])
    assert.match(site.stderr, /no-conf holds no CNI configuration\nnext: .*--cni-conf/)
    const removed = await runMain(['reset', '--data-dir', dataDir, '--yes'])
    assert.equal(removed.code, 0, removed.stderr)
    assert.deepEqual(readdirSync(dataDir), [])
  })
})
