// The edge cannot have its port: whoever asks is told which, and what to run.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '@brume/base/log'
import { brume } from '@brume/cli/testing'
import { startFakeKubelet } from '@brume/controllers/integration/fake-kubelet'
import { findExecutable } from '@brume/machine/executables'
import { type Edge, endEdge, startLocalEdge } from '@brume/server/local-edge'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false

describe('an edge whose port another program has', { skip, timeout: 120_000 }, () => {
  const other = createServer()
  const folder = mkdtempSync(join(tmpdir(), 'brume-taken-'))
  let plane: TestControlPlane
  let edge: Edge
  let kubelet: Awaited<ReturnType<typeof startFakeKubelet>>
  let env: Record<string, string>
  let taken = ''

  before(async () => {
    other.listen(0, '0.0.0.0')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    taken = `:${port} is in use by another program`
    plane = await startTestControlPlane()
    kubelet = await startFakeKubelet(plane.client, ['n1'])
    env = { HOME: folder, KUBECONFIG: plane.kubeconfig }
    edge = await startLocalEdge({
      plane: plane.plane,
      dir: plane.dir,
      ports: { http: port, https: await freePort() },
      domain: 'apps.test',
      addresses: ['192.0.2.1'],
      logger: silentLogger,
    })
  })
  after(async () => {
    other.close()
    await edge.close()
    await endEdge(plane.dir)
    await kubelet.stop()
    await plane.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (name: string) => brume(['run', name, '--image', 'nginx', '--port', '80', '--public'], env)

  it('is told to who makes an app public, and to status, until the port is free', async () => {
    const { code, err } = await run('web')
    assert.equal(code, 1, err)
    assert.match(err, new RegExp(`web runs, but is not public: the HTTP edge does not serve: \\S*${taken}\n`))
    assert.match(err, /^next: \.\/brume up --http-port PORT --https-port PORT$/m)
    const problem = new RegExp(`the HTTP edge does not serve: \\S*${taken}\n +next: \\./brume up --http-port`)
    assert.match((await brume(['status'], env)).out, problem)
    const again = await run('second')
    assert.match(again.err, new RegExp(`the HTTP edge does not serve: \\S*${taken}`))
    other.close()
    await eventually(
      'the edge serves, and says nothing more',
      async () => !(await brume(['status'], env)).out.includes('HTTP edge'),
    )
    const served = await run('third')
    assert.equal(served.code, 0, served.err)
    assert.match(served.err, /^public: +http:\/\/third\.apps\.test:\d+\//m)
  })
})
