// The configuration as HAProxy itself reads it, with real connections.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { configFiles } from './config.ts'
import type { Server } from './endpoints.ts'
import { GatewayError, Haproxy } from './process.ts'
import type { Route } from './routes.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const OPTIONS = { redirectToHttps: false, protocol: 'http' as const, timeoutSeconds: undefined }

function route(host: string, path: string, service: string, more: Partial<Route> = {}): Route {
  const backend = { namespace: 'd', service, port: '80' }
  return { host, path, exact: false, backend, ingress: 'd/i', options: OPTIONS, ...more }
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('the edge', { skip, timeout: 120_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-edge-'))
  const haproxy = new Haproxy(dir)
  const servers = new Map<string, Server[]>()
  const open: ReturnType<typeof createServer>[] = []
  const ports = { http: 0, https: 0 }
  const routes: Route[] = [
    route('a.example', '/', 'web'),
    route('a.example', '/shop', 'shop'),
    route('a.example', '/exact', 'exact', { exact: true }),
    route('*.wild.example', '/', 'wild'),
    route('', '/', 'any'),
    route('gone.example', '/', 'gone'),
    route('tls.example', '/', 'web', { options: { ...OPTIONS, redirectToHttps: true } }),
  ]

  async function serve(name: string, listener?: RequestListener): Promise<Server> {
    const answer: RequestListener = (message, response) =>
      response.end(
        `${name} ${message.url} ${message.headers['x-forwarded-for']} ${message.headers['x-forwarded-proto']}`,
      )
    const server = createServer(listener ?? answer).listen(0, '127.0.0.1')
    open.push(server)
    await once(server, 'listening')
    return { ip: '127.0.0.1', port: (server.address() as AddressInfo).port }
  }

  function write(all: readonly Route[] = routes): boolean {
    const files = configFiles({
      dir,
      ports,
      ipv6: false,
      routes: all,
      backendOf: ({ backend, options }) => {
        const found = servers.get(backend.service)
        return {
          ref: backend,
          options,
          behind:
            found === undefined
              ? { missing: `Service d/${backend.service} does not exist` }
              : { servers: found },
        }
      },
    })
    return haproxy.write(Object.entries(files))
  }

  function ask(
    host: string,
    path: string,
    { secure = false, headers = {} } = {},
  ): Promise<{ status: number; text: string; location: string | undefined }> {
    const options = {
      host: '127.0.0.1',
      port: secure ? ports.https : ports.http,
      path,
      headers: { host, ...headers },
      agent: false as const,
    }
    return new Promise((resolve, reject) => {
      const sent = secure
        ? secureRequest({ ...options, rejectUnauthorized: false, servername: host })
        : request(options)
      sent.on('error', reject)
      sent.on('response', (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode!, text, location: response.headers.location }),
        )
      })
      sent.end()
    })
  }
  const heard = async (host: string, path: string) => (await ask(host, path)).text.split(' ')[0]

  before(async () => {
    ports.http = await freePort()
    ports.https = await freePort()
    for (const name of ['web', 'shop', 'exact', 'wild', 'any']) servers.set(name, [await serve(name)])
    const [key, certificate] = ['key.pem', 'crt.pem'].map((name) => join(dir, name))
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=own',
        '-keyout',
        key!,
        '-out',
        certificate!,
      ],
      { stdio: 'ignore' },
    )
    mkdirSync(join(dir, 'certs'), { recursive: true })
    writeFileSync(join(dir, 'certs/own.pem'), readFileSync(certificate!, 'utf8') + readFileSync(key!, 'utf8'))
    writeFileSync(join(dir, 'crt-list'), `${dir}/certs/own.pem\n`)
    write()
    await haproxy.apply()
  })
  after(async () => {
    await haproxy.stop()
    for (const server of open) server.close()
    rmSync(dir, { recursive: true, force: true })
  })

  it('finds the longest path of the very host, element by element', async () => {
    assert.equal(await heard('a.example', '/'), 'web')
    assert.equal(await heard('A.Example:8080', '/shop'), 'shop')
    assert.equal(await heard('a.example', '/shop/cart?x=/'), 'shop')
    assert.equal(await heard('a.example', '/shopping'), 'web')
    assert.equal(await heard('a.example', '/exact'), 'exact')
    assert.equal(await heard('a.example', '/exact/more'), 'web')
  })

  it('takes a wildcard for one label, and any host for all others', async () => {
    assert.equal(await heard('x.wild.example', '/'), 'wild')
    assert.equal(await heard('y.x.wild.example', '/'), 'any')
    assert.equal(await heard('nobody.example', '/'), 'any')
  })

  it('says what is missing behind a route', async () => {
    const { status, text } = await ask('gone.example', '/')
    assert.deepEqual([status, text], [503, 'Service d/gone does not exist\n'])
  })

  it('tells the backend who asks, and does not believe what a client says of that', async () => {
    const { text } = await ask('a.example', '/', {
      headers: { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' },
    })
    assert.equal(text, 'web / 127.0.0.1 http')
    assert.equal((await ask('a.example', '/', { secure: true })).text, 'web / 127.0.0.1 https')
  })

  it('sends to HTTPS where that is asked for', async () => {
    const { status, location } = await ask('tls.example:8080', '/x?y')
    assert.deepEqual([status, location], [308, `https://tls.example:${ports.https}/x?y`])
  })

  it('leaves hosts with routes of their own alone when all others are sent to HTTPS', async () => {
    const toHttps = { ...OPTIONS, redirectToHttps: true }
    write([route('a.example', '/', 'web'), route('', '/', 'any', { options: toHttps })])
    await haproxy.apply()
    await eventually('others are sent to HTTPS', async () => (await ask('b.example', '/')).status === 308)
    assert.equal(await heard('a.example', '/'), 'web')
    write()
    await haproxy.apply()
    await eventually('they are not any more', async () => (await heard('b.example', '/')) === 'any')
  })

  it('changes backends without losing a request', async () => {
    let failed = 0
    let asked = 0
    let stop = false
    const load = Promise.all(
      [1, 2, 3, 4].map(async () => {
        while (!stop) {
          asked++
          const { status } = await ask('a.example', '/').catch(() => ({ status: 0 }))
          if (status !== 200) failed++
        }
      }),
    )
    for (const name of ['new-1', 'new-2', 'new-3']) {
      servers.set('web', [await serve(name)])
      assert.equal(write(), true)
      await haproxy.apply()
      await eventually(`${name} is asked`, async () => (await heard('a.example', '/')) === name)
    }
    stop = true
    await load
    assert.equal(failed, 0, `${failed} of ${asked} requests failed`)
    assert.ok(asked > 10)
  })

  it('keeps serving when a configuration is wrong, and says what is wrong with it', async () => {
    const config = join(dir, 'haproxy.cfg')
    const good = readFileSync(config, 'utf8')
    writeFileSync(config, `${good}\nnonsense here\n`)
    await assert.rejects(
      haproxy.apply(),
      (error) => error instanceof GatewayError && /nonsense/.test(error.message),
    )
    assert.equal(await heard('a.example', '/shop'), 'shop')
    writeFileSync(config, good)
  })

  it('does not share its ports with another one, and says which it cannot have', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'brume-edge-other-'))
    const other = new Haproxy(elsewhere)
    try {
      const files = configFiles({
        dir: elsewhere,
        ports,
        ipv6: false,
        routes: [],
        backendOf: () => assert.fail('there are no routes'),
      })
      other.write([...Object.entries(files), ['crt-list', readFileSync(join(dir, 'crt-list'), 'utf8')]])
      await assert.rejects(
        other.apply(),
        (error) =>
          error instanceof GatewayError &&
          new RegExp(`:(${ports.http}|${ports.https}) is in use by another program`).test(error.message),
      )
      assert.equal(other.running, undefined)
    } finally {
      await other.stop()
      rmSync(elsewhere, { recursive: true, force: true })
    }
  })

  it('is adopted by the next one who comes, and started again when it was killed', async () => {
    const next = new Haproxy(dir)
    const first = next.running!
    assert.equal(first.pid, haproxy.running!.pid)
    process.kill(first.pid, 'SIGKILL')
    await eventually('it is seen to be gone', () => next.running === undefined)
    await next.apply()
    assert.notEqual(next.running!.pid, first.pid)
    assert.equal(await heard('a.example', '/shop'), 'shop')
  })
})
