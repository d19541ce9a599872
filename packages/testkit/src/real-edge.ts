// An edge for tests: a real HAProxy with a directory and ports of its own, servers behind it, and a client.

import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { Behind, Server as Endpoint } from '@brume/gateway/endpoints'
import { type Applied, Applier, type ApplierOptions, type Served } from '@brume/gateway/haproxy/apply'
import { Haproxy } from '@brume/gateway/haproxy/process'
import { emptyModel, type HttpRoute, type Model, PLAIN_RULE, type Rule } from '@brume/gateway/model'
import { type Answer, type Asked, ask } from './ask.ts'
import { freePort } from './free-port.ts'
import { selfSigned } from './self-signed.ts'

/** `port`: default: the edge's own. */
export type AskedEdge = Partial<Omit<Asked, 'host' | 'path'>>

/** Fewer than a test may open at once are none. */
const FEW = { connections: 500, proxies: [] }

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
    return new Applier({
      haproxy,
      dir,
      ipv6: false,
      accessLog: true,
      clients: FEW,
      metrics: undefined,
      ...more,
    })
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

  ask(host: string, path: string, asked: AskedEdge = {}): Promise<Answer> {
    const port = asked.secure === true ? this.ports.https : this.ports.http
    return ask({ port, host, path, ...asked })
  }

  /** Which Service answered. */
  async heard(host: string, path: string, asked: AskedEdge = {}): Promise<string | undefined> {
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
  if (own === undefined) {
    const { certificate, key } = selfSigned({ commonName: 'own' })
    own = certificate + key
  }
  return own
}
