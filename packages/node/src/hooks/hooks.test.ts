import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { fakeClock } from '@brume/client/testing/fake-clock'
import { PodProblem } from '../contract.ts'
import { type TestNodeContext, testNodeContext } from '../testing/node-context.ts'
import { RuntimeFault, type ScriptedRuntime, startScriptedRuntime } from '../testing/scripted-runtime.ts'
import { lifecycleHooks } from './hooks.ts'

const POD: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name: 'p', uid: 'u' },
  spec: { containers: [{ name: 'web' }] },
}

describe('a hook', { timeout: 60_000 }, () => {
  let runtime: ScriptedRuntime
  let server: Server
  let context: TestNodeContext
  const asked: { url: string | undefined; authorization: string | undefined; agent: string | undefined }[] =
    []
  let answer: { exitCode?: number; stdout?: Buffer } | RuntimeFault = {}
  const commands: { cmd?: string[]; timeout?: number }[] = []
  const clock = fakeClock()

  before(async () => {
    runtime = await startScriptedRuntime({
      ExecSync: (request) => {
        commands.push(request)
        if (answer instanceof RuntimeFault) throw answer
        return answer
      },
    })
    context = testNodeContext({ root: '/nowhere', cri: runtime.cri, clock })
    server = createServer(({ url, headers }, response) => {
      asked.push({ url, authorization: headers.authorization, agent: headers['user-agent'] })
      response.writeHead(500).end('secret')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(async () => {
    server?.closeAllConnections()
    server?.close()
    await runtime?.stop()
  })
  const run = (hook: 'postStart' | 'preStop', handler: object | undefined, timeoutMs = 30_000) =>
    lifecycleHooks(context).run({
      pod: POD,
      container: { name: 'web', image: 'i', lifecycle: { [hook]: handler } },
      containerId: 'c1',
      hook,
      podIp: '127.0.0.1',
      timeoutMs,
    })
  const refused = (reason: string, message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof PodProblem)
    assert.equal(error.reason, reason)
    assert.match(error.message, message)
    return true
  }

  it('that is not there does nothing', async () => {
    await run('preStop', undefined)
    assert.equal(commands.length, 0)
  })

  it('runs a command within the time that is left, and says how it ended but not what it said', async () => {
    await run('preStop', { exec: { command: ['stop'] } }, 4500)
    assert.deepEqual(commands.at(-1), { containerId: 'c1', cmd: ['stop'], timeout: 5 })
    answer = { exitCode: 7, stdout: Buffer.from('password') }
    const exec = { exec: { command: ['start'] } }
    const text = /^PostStartHook failed: the command ended with exit code 7$/
    await assert.rejects(run('postStart', exec), refused('FailedPostStartHook', text))
    answer = new RuntimeFault('UNKNOWN', 'executable file not found in $PATH')
    await assert.rejects(run('preStop', exec), refused('FailedPreStopHook', /not found in \$PATH/))
  })

  it('asks a server, and any answer will do; without TLS when the server has none', async () => {
    const { port } = server.address() as AddressInfo
    await run('postStart', { httpGet: { path: '/started', port } })
    assert.deepEqual(asked.at(-1), {
      url: '/started',
      authorization: undefined,
      agent: 'kube-lifecycle/1.32',
    })
    const httpHeaders = [{ name: 'Authorization', value: 'secret' }]
    await run('preStop', { httpGet: { path: '/stop', port, scheme: 'HTTPS', httpHeaders } })
    assert.deepEqual(asked.at(-1), { url: '/stop', authorization: undefined, agent: 'kube-lifecycle/1.32' })
    assert.equal(context.events.at(-1)?.reason, 'LifecycleHTTPFallback')
    const nobody = { httpGet: { port: 1, path: '/' } }
    await assert.rejects(run('preStop', nobody), refused('FailedPreStopHook', /connection refused/))
  })

  it('sleeps, and is given up when its time is over', async () => {
    let done = false
    const slept = run('preStop', { sleep: { seconds: 5 } }).then(() => {
      done = true
    })
    await clock.advance(4999)
    assert.equal(done, false)
    await clock.advance(1)
    await slept
    const late = assert.rejects(
      run('preStop', { sleep: { seconds: 60 } }, 2000),
      refused('FailedPreStopHook', /it has not ended within 2 s/),
    )
    await clock.advance(2000)
    await late
  })

  it('of a kind that is not run fails with a sentence', async () => {
    await assert.rejects(
      run('postStart', { tcpSocket: { port: 1 } }),
      refused('FailedPostStartHook', /neither exec, httpGet nor sleep/),
    )
  })
})
