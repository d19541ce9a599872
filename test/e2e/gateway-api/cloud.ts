// A whole control plane with its edge, a real HAProxy and a real kubectl: servers behind Services, and clients in front.

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { silentLogger } from '@brume/base/log'
import { ENDPOINT_SLICES, NAMESPACES, SERVICES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { infoOf } from '@brume/gateway/haproxy/admin'
import { letGo } from '@brume/gateway/haproxy/hand-over'
import { Haproxy } from '@brume/gateway/haproxy/process'
import { nodeAddress } from '@brume/node/registration/addresses'
import { type Edge, edgeDir, endEdge, startLocalEdge } from '@brume/server/local-edge'
import { type Answer, ask } from '@brume/testkit/ask'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import type { AskedEdge } from '@brume/testkit/real-edge'
import { kubectls } from '../kubectl/kubectls.ts'

/** What a server behind a Service says of the request that it got. */
export interface Echo {
  service: string
  method: string
  url: string
  headers: IncomingHttpHeaders
}

const KUBECTL_LIMIT_MS = 60_000
export const ADDRESS = nodeAddress()

export class EdgeCloud {
  readonly plane: TestControlPlane
  readonly ports: { http: number; https: number }
  #edge: Edge
  readonly #servers: (Server | TcpServer)[] = []

  private constructor(plane: TestControlPlane, edge: Edge, ports: EdgeCloud['ports']) {
    this.plane = plane
    this.#edge = edge
    this.ports = ports
  }

  static async start(): Promise<EdgeCloud> {
    const plane = await startTestControlPlane()
    const ports = { http: await freePort(), https: await freePort() }
    const cloud = new EdgeCloud(plane, await edgeOf(plane, ports), ports)
    // The kinds and the class are there a moment after the edge.
    await eventually('the class of the edge is there', async () => {
      await cloud.kubectl('get gatewayclass brume')
      return true
    })
    return cloud
  }

  get client(): Client {
    return this.plane.client
  }

  /** Another one takes over the HAProxy that runs. */
  async restartEdge(): Promise<void> {
    await this.#edge.close()
    this.#edge = await edgeOf(this.plane, this.ports)
  }

  async stop(): Promise<void> {
    await this.#edge.close()
    await endEdge(this.plane.dir)
    for (const server of this.#servers) {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
    }
    await this.plane.stop()
  }

  /** Standard output; throws with standard error. */
  kubectl(args: string, stdin?: string): Promise<string> {
    const { path } = kubectls().at(-1)!
    const argv = [`--kubeconfig=${this.plane.kubeconfig}`, ...args.split(' ')]
    return new Promise((resolve, reject) => {
      const child = execFile(path, argv, { timeout: KUBECTL_LIMIT_MS }, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`kubectl ${args}: ${stderr}`)),
      )
      child.stdin?.end(stdin ?? '')
    })
  }

  apply(yaml: string): Promise<string> {
    return this.kubectl('apply -f -', yaml)
  }

  async namespace(name: string, labels: Record<string, string> = {}): Promise<void> {
    await this.client.resource(NAMESPACES).create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels },
    })
  }

  /** A Service on port 80 whose one endpoint answers with an Echo, or as `listener` does. */
  async serve(namespace: string, name: string, listener?: RequestListener): Promise<void> {
    const echo: RequestListener = ({ method = '', url = '', headers }, response) =>
      response.end(JSON.stringify({ service: name, method, url, headers } satisfies Echo))
    await this.serveWith(namespace, name, createServer(listener ?? echo))
  }

  /** `appProtocol`: what the Service says that its port speaks. */
  async serveWith(
    namespace: string,
    name: string,
    server: Server | TcpServer,
    appProtocol?: string,
  ): Promise<void> {
    this.#servers.push(server)
    server.listen(0, '0.0.0.0')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const protocol = appProtocol === undefined ? {} : { appProtocol }
    await this.client.resource(SERVICES).create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name },
      spec: { ports: [{ port: 80, ...protocol }] },
    })
    await this.client.resource(ENDPOINT_SLICES).create({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace, name, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: '', port }],
      endpoints: [{ addresses: [ADDRESS], conditions: { ready: true } }],
    })
  }

  ask(host: string, path: string, asked: AskedEdge = {}): Promise<Answer> {
    return ask({ port: this.ports.http, host, path, ...asked })
  }

  async echo(host: string, path: string, asked: AskedEdge = {}): Promise<Echo> {
    const { status, text } = await this.ask(host, path, asked)
    if (status !== 200) throw new Error(`${status} ${text}`)
    return JSON.parse(text)
  }

  /** Which Service answers; or the status of an error. */
  async heard(host: string, path: string, asked: AskedEdge = {}): Promise<string> {
    const { status, text } = await this.ask(host, path, asked)
    return status === 200 ? (JSON.parse(text) as Echo).service : String(status)
  }

  /** Waits until `probe` is true of all: HAProxy's worker before may take a connection until it is told to end. */
  async served(what: string, probe: () => Promise<boolean>): Promise<void> {
    await eventually(what, probe)
    const haproxy = new Haproxy(edgeDir(this.plane.dir))
    await letGo(haproxy.workers, (await infoOf(haproxy.socket)).pid)
  }

  /** `Type=Status/Reason` of conditions at a JSON path of an object, such as `.status.conditions`. */
  async conditions(object: string, at: string): Promise<string[]> {
    const format = `{range ${at}[*]}{.type}={.status}/{.reason}{" "}{end}`
    const text = await this.kubectlArgv([...object.split(' '), '-o', `jsonpath=${format}`])
    return text.trim().split(' ')
  }

  async eventuallyConditions(object: string, at: string, wanted: readonly string[]): Promise<void> {
    let last: string[] = []
    await eventually(`${object} ${at} says ${wanted.join(' ')}`, async () => {
      last = await this.conditions(object, at)
      return wanted.every((one) => last.includes(one))
    }).catch((error) => {
      throw new Error(`it says ${last.join(' ')}`, { cause: error })
    })
  }

  kubectlArgv(argv: readonly string[]): Promise<string> {
    const { path } = kubectls().at(-1)!
    return new Promise((resolve, reject) => {
      const all = [`--kubeconfig=${this.plane.kubeconfig}`, 'get', ...argv]
      execFile(path, all, { timeout: KUBECTL_LIMIT_MS }, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`kubectl get ${argv.join(' ')}: ${stderr}`)),
      )
    })
  }
}

/** A TCP server that greets whoever comes. */
export function greeter(greeting: string): TcpServer {
  return createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.end(greeting)
  })
}

function edgeOf(plane: TestControlPlane, ports: EdgeCloud['ports']): Promise<Edge> {
  return startLocalEdge({
    plane: plane.plane,
    dir: plane.dir,
    ports,
    domain: 'brume.localhost',
    addresses: [ADDRESS],
    logger: silentLogger,
  })
}
