// An edge for tests: a real HAProxy with a directory and ports of its own, servers behind it, and a client.

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener, request, type Server } from 'node:http'
import { request as secureRequest } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { Behind, Server as Endpoint } from '../endpoints.ts'
import { type Applied, Applier, type ApplierOptions, type Served } from '../haproxy/apply.ts'
import { Haproxy } from '../haproxy/process.ts'
import { emptyModel, type HttpRoute, type Model, PLAIN_RULE, type Rule } from '../model.ts'

export interface Answer {
  status: number
  text: string
  headers: IncomingHttpHeaders
}

export interface Asked {
  secure?: boolean
  method?: string
  headers?: Record<string, string>
  body?: string
  port?: number
  /** This machine's address to ask at, so that it is the one that asks. */
  from?: string
}

/** Below the range that the kernel gives out by itself: nobody gets it by chance before it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createTcpServer().listen(20_000 + Math.floor(Math.random() * 12_000))
    const port = await new Promise<number | undefined>((resolve) => {
      server.once('error', () => resolve(undefined))
      server.once('listening', () => resolve((server.address() as AddressInfo).port))
    })
    if (port === undefined) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

export class RealEdge {
  readonly dir = mkdtempSync(join(tmpdir(), 'brume-edge-'))
  readonly haproxy = new Haproxy(this.dir)
  readonly endpoints = new Map<string, Endpoint[]>()
  readonly ports = { http: 0, https: 0 }
  applier = this.newApplier()
  readonly #open = new Map<string, Server>()

  async listen(): Promise<void> {
    this.ports.http = await freePort()
    this.ports.https = await freePort()
    mkdirSync(join(this.dir, 'certs'), { recursive: true })
  }

  /** A server that is asked as the Service `name`: it answers its name, the path, and what it was told of the client. */
  async serve(name: string, listener?: RequestListener): Promise<Endpoint> {
    const answer: RequestListener = (message, response) =>
      response.end(
        `${name} ${message.url} ${message.headers['x-forwarded-for']} ${message.headers['x-forwarded-proto']}`,
      )
    const server = createServer(listener ?? answer).listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#open.set(name, server)
    const endpoint = { ip: '127.0.0.1', port: (server.address() as AddressInfo).port }
    this.endpoints.set(name, [endpoint])
    return endpoint
  }

  onUpgrade(name: string, listener: (socket: Duplex) => void): void {
    this.#open.get(name)!.on('upgrade', (_, socket) => listener(socket))
  }

  /** As a pod ends: it takes nothing new, and what it has is answered. */
  async end({ port }: Endpoint): Promise<void> {
    for (const server of this.#open.values()) {
      if ((server.address() as AddressInfo | null)?.port !== port) continue
      const closed = once(server, 'close')
      server.close()
      await closed
    }
  }

  rule(service: string, more: Partial<Rule> = {}): Rule {
    const backend = { namespace: 'd', service, port: '80' }
    return {
      ...PLAIN_RULE,
      id: `test/${service}`,
      targets: [{ backend, weight: 1, protocol: 'http' }],
      ...more,
    }
  }

  /** `path`: `=/exact`, `~regex`, or a prefix. `to`: a Service or a rule. */
  route(host: string, path: string, to: string | Rule, more: Partial<HttpRoute> = {}): HttpRoute {
    const type = path.startsWith('=') ? 'exact' : path.startsWith('~') ? 'regex' : 'prefix'
    return {
      ports: [this.ports.http, this.ports.https],
      host,
      path: { type, value: type === 'prefix' ? path : path.slice(1) },
      method: undefined,
      headers: [],
      query: [],
      order: '0',
      rule: typeof to === 'string' ? this.rule(to) : to,
      ...more,
    }
  }

  model(...routes: HttpRoute[]): Model {
    return {
      ...emptyModel(),
      listeners: [
        { port: this.ports.http, protocol: 'http' },
        { port: this.ports.https, protocol: 'https' },
      ],
      routes,
    }
  }

  /** As one that starts again has it: it knows nothing of what was served. */
  newApplier(more: Partial<ApplierOptions> = {}): Applier {
    const { dir, haproxy } = this
    return new Applier({ haproxy, dir, ipv6: false, accessLog: true, metrics: undefined, ...more })
  }

  served(model: Model, dir = this.dir): Served {
    return {
      model,
      behind: ({ service }): Behind => {
        const servers = this.endpoints.get(service)
        return servers === undefined ? { missing: `Service d/${service} does not exist` } : { servers }
      },
      files: new Map([
        ['certs/own.pem', ownCertificate()],
        ['crt-list', `${dir}/certs/own.pem\n`],
      ]),
    }
  }

  apply(model: Model): Promise<Applied> {
    return this.applier.apply(this.served(model))
  }

  ask(host: string, path: string, asked: Asked = {}): Promise<Answer> {
    const { secure = false, headers = {}, method = 'GET', body } = asked
    const port = asked.port ?? (secure ? this.ports.https : this.ports.http)
    const options = {
      host: asked.from ?? '127.0.0.1',
      port,
      path,
      method,
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
        response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }))
      })
      sent.end(body)
    })
  }

  /** Which Service answered. */
  async heard(host: string, path: string, asked: Asked = {}): Promise<string | undefined> {
    return (await this.ask(host, path, asked)).text.split(' ')[0]
  }

  async close(): Promise<void> {
    await this.haproxy.stop()
    for (const server of this.#open.values()) {
      server.closeAllConnections()
      server.close()
    }
    rmSync(this.dir, { recursive: true, force: true })
  }
}

let own: string | undefined

/** Certificate and key as one PEM; the same for all of a process. */
export function ownCertificate(): string {
  if (own !== undefined) return own
  const dir = mkdtempSync(join(tmpdir(), 'brume-edge-own-'))
  const [key, certificate] = ['key.pem', 'crt.pem'].map((name) => join(dir, name)) as [string, string]
  const argv = [
    'req',
    '-x509',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=own',
    '-keyout',
    key,
    '-out',
    certificate,
  ]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  execFileSync('openssl', [...argv, ...kind], { stdio: 'ignore' })
  own = readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8')
  rmSync(dir, { recursive: true })
  return own
}
