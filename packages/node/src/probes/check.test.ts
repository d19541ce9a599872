import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server as NetServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { testServerCertificate } from '@brume/testkit/server-certificate'
import { startHealthService } from '../testing/health-service.ts'
import { RuntimeFault, type ScriptedRuntime, startScriptedRuntime } from '../testing/scripted-runtime.ts'
import { check, type ProbeSpec } from './check.ts'
import type { HttpGetAction } from './http-get.ts'

const HOST = '127.0.0.1'
const portOf = (server: NetServer) => (server.address() as AddressInfo).port

describe('a probe', { timeout: 60_000 }, () => {
  let runtime: ScriptedRuntime
  let web: Server
  let tls: Server
  let silent: NetServer
  let closedPort: number
  const requests: IncomingMessage[] = []
  const open: NetServer[] = []

  const answer: RequestListener = (request, response) => {
    requests.push(request)
    const { pathname } = new URL(request.url ?? '/', 'http://x')
    const status = Number(/^\/status\/(\d+)$/.exec(pathname)?.[1] ?? 200)
    const location = /^\/to(\/.*|$)/.exec(pathname)?.[1]
    if (pathname === '/elsewhere')
      return response.writeHead(302, { location: 'http://elsewhere.test/' }).end('bye')
    if (pathname === '/circle') return response.writeHead(302, { location: '/circle' }).end()
    if (location !== undefined) return response.writeHead(302, { location }).end()
    if (pathname === '/huge') return response.end(Buffer.alloc(1_000_000, 'x'))
    if (pathname === '/never') return
    response.writeHead(status).end('the body')
  }
  async function listen<S extends NetServer>(server: S): Promise<S> {
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
    open.push(server)
    return server
  }

  before(async () => {
    runtime = await startScriptedRuntime()
    web = await listen(createServer(answer))
    tls = await listen(createTlsServer(await testServerCertificate(), answer) as Server)
    silent = await listen(createTcpServer((socket) => socket.on('error', () => {}).resume()))
    const gone = createTcpServer()
    await new Promise<void>((resolve) => gone.listen(0, HOST, resolve))
    closedPort = portOf(gone)
    await new Promise((resolve) => gone.close(resolve))
  })
  after(async () => {
    for (const server of [web, tls]) server?.closeAllConnections()
    for (const server of open) server.close()
    await runtime?.stop()
  })

  const look = (probe: ProbeSpec, container: object = {}) =>
    check(
      runtime.cri,
      { timeoutSeconds: 20, ...probe },
      {
        container: { name: 'c', image: 'i', ...container },
        containerId: 'id',
        podIp: HOST,
      },
    )
  const get = (path: string, action: Partial<HttpGetAction> = {}, more: ProbeSpec = {}) =>
    look({ httpGet: { path, port: portOf(web), ...action }, ...more })

  describe('httpGet', () => {
    it('passes for 200 to 399, and says only the status of other answers', async () => {
      assert.deepEqual(await get('/status/200'), { result: 'success', output: 'the body' })
      const refused = { result: 'failure', output: 'HTTP probe failed with statuscode: 500' }
      assert.deepEqual(await get('/status/500'), refused)
      assert.equal((await get('/status/404')).result, 'failure')
    })

    it('sends what the kubelet sends, and the headers of the probe', async () => {
      await get('/x?a=b', {
        httpHeaders: [
          { name: 'Host', value: 'site.test' },
          { name: 'X-A', value: '1' },
          { name: 'X-A', value: '2' },
        ],
      })
      const { headers, url, method } = requests.at(-1)!
      assert.equal(method, 'GET')
      assert.equal(url, '/x?a=b')
      assert.equal(headers.host, 'site.test')
      assert.equal(headers['x-a'], '1, 2')
      assert.equal(headers['user-agent'], 'kube-probe/1.32')
      assert.equal(headers.accept, '*/*')
      await get('/', {
        httpHeaders: [
          { name: 'Accept', value: '' },
          { name: 'User-Agent', value: 'me' },
        ],
      })
      assert.equal(requests.at(-1)!.headers.accept, undefined)
      assert.equal(requests.at(-1)!.headers['user-agent'], 'me')
    })

    it('follows redirects on the host, warns of those that lead away, and ends in circles', async () => {
      assert.deepEqual(await get('/to/status/200'), { result: 'success', output: 'the body' })
      const away = await get('/elsewhere')
      assert.deepEqual(away, { result: 'warning', output: 'Probe terminated redirects, Response body: bye' })
      assert.match((await get('/circle')).output, /stopped after 10 redirects$/)
    })

    it('does not look at certificates, and says when a server speaks no TLS', async () => {
      const secure = { httpGet: { path: '/', port: portOf(tls), scheme: 'HTTPS' } }
      assert.equal((await look(secure)).result, 'success')
      const { result, output } = await get('/', { scheme: 'HTTPS' })
      assert.equal(result, 'failure')
      assert.match(output, /^Get "https:.*": http: server gave HTTP response to HTTPS client$/)
    })

    it('fails when nobody listens or answers, in words that people know', async () => {
      const refused = await get('/', { port: closedPort })
      assert.equal(
        refused.output,
        `Get "http://127.0.0.1:${closedPort}/": dial tcp 127.0.0.1:${closedPort}: connect: connection refused`,
      )
      const late = await get('/never', {}, { timeoutSeconds: 1 })
      assert.match(
        late.output,
        /context deadline exceeded \(Client\.Timeout exceeded while awaiting headers\)$/,
      )
    })

    it('reads no more than 10 KB of an answer', async () => {
      const { result, output } = await get('/huge')
      assert.equal(result, 'success')
      assert.equal(output.length, 10 * 1024)
    })

    it('finds a port by its name, and errs on one that is not there', async () => {
      const ports = [{ name: 'http', containerPort: portOf(web) }]
      assert.equal((await look({ httpGet: { port: 'http' } }, { ports })).result, 'success')
      assert.deepEqual(await look({ httpGet: { port: 'nope' } }, { ports }), {
        result: 'error',
        output: "couldn't find port: nope",
      })
    })
  })

  it('tcpSocket passes when the port takes a connection', async () => {
    assert.equal((await look({ tcpSocket: { port: portOf(silent) } })).result, 'success')
    assert.deepEqual(await look({ tcpSocket: { port: closedPort, host: HOST } }), {
      result: 'failure',
      output: `dial tcp 127.0.0.1:${closedPort}: connect: connection refused`,
    })
  })

  it('grpc passes when the service says that it serves', async () => {
    const health = await startHealthService()
    const other = await startHealthService(false)
    try {
      health.statuses.set('', 1).set('db', 2)
      const ask = (port: number, service?: string, timeoutSeconds = 20) =>
        look({ grpc: { port, ...(service === undefined ? {} : { service }) }, timeoutSeconds })
      assert.deepEqual(await ask(health.port), { result: 'success', output: 'service healthy' })
      assert.equal((await ask(health.port, 'db')).output, 'service unhealthy (responded with "NOT_SERVING")')
      assert.match((await ask(health.port, 'x')).output, /code = NotFound desc = unknown service/)
      assert.match((await ask(other.port)).output, /does not implement the grpc health protocol/)
      assert.match(
        (await ask(closedPort)).output,
        /^error: failed to connect service at .* connection refused$/,
      )
      assert.match(
        (await ask(portOf(silent), '', 1)).output,
        /^timeout: failed to connect service ".*" within 1s/,
      )
      assert.match((await ask(portOf(web))).output, /^error: /)
    } finally {
      health.stop()
      other.stop()
    }
  })

  it('exec passes when the command ends with 0, knows the container’s own variables, and fails when it is too slow', async () => {
    const commands: string[][] = []
    let exit: () => { exitCode: number; stdout?: Buffer; stderr?: Buffer } = () => ({ exitCode: 0 })
    runtime.script.ExecSync = ({ cmd }) => {
      commands.push(cmd ?? [])
      return exit()
    }
    const probe = { exec: { command: ['check', '$(PORT)', '$(OTHER)'] } }
    const env = [
      { name: 'PORT', value: '80' },
      { name: 'OTHER', valueFrom: {} },
    ]
    assert.equal((await look(probe, { env })).result, 'success')
    assert.deepEqual(commands.at(-1), ['check', '80', '$(OTHER)'])
    exit = () => ({ exitCode: 3, stdout: Buffer.from('out,'), stderr: Buffer.from('err') })
    assert.deepEqual(await look(probe), { result: 'failure', output: 'out,err' })
    exit = () => {
      throw new RuntimeFault('DEADLINE_EXCEEDED', 'timeout 1s exceeded')
    }
    assert.match((await look(probe)).output, /timed out/)
    assert.equal((await look(probe)).result, 'failure')
  })

  it('of what is no address is no look, and no harm', async () => {
    const target = { container: { name: 'c', image: 'i' }, containerId: 'id', podIp: '' }
    const odd = ['', 'a b', '\u0000', '[', 'x'.repeat(5000)]
    for (const host of odd) {
      for (const probe of [
        { grpc: { port: 80 } },
        { tcpSocket: { port: 80, host } },
        { httpGet: { port: 80, host } },
      ]) {
        const { result } = await check(runtime.cri, { ...probe, timeoutSeconds: 1 }, target)
        assert.ok(result === 'error' || result === 'failure', JSON.stringify({ probe, result }))
      }
    }
  })

  it('that cannot be made is tried three times, and says nothing about the container', async () => {
    let tries = 0
    runtime.script.ExecSync = () => {
      tries++
      throw new RuntimeFault('UNKNOWN', 'executable file not found in $PATH')
    }
    const { result, output } = await look({ exec: { command: ['nope'] } })
    assert.equal(result, 'error')
    assert.match(output, /executable file not found/)
    assert.equal(tries, 3)
  })
})
