// The edge against plain HAProxy and nginx, in turns, before the same server: requests a second over connections that
// stay, and what the proxy's own processes took of the CPU for each. wrk asks where it is on PATH, else Node.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findExecutable } from '@brume/machine/executables'
import { run } from '@brume/machine/run'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import { RealEdge } from '@brume/testkit/real-edge'
import { cpuSeconds } from '../api/process-stat.ts'

export interface EdgeFigures {
  name: string
  perSecond: number
  /** Of the proxy's processes, for each request. */
  cpuMicros: number
}

export interface EdgeMeasured {
  client: 'wrk' | 'node'
  peers: EdgeFigures[]
  missing: string[]
}

const ROUNDS = 5
const SECONDS = 2
const CONNECTIONS = 32
const ROUTES = 1000
const HOST = 'h500.example'
const BODY = 'x'.repeat(100)
/** In a session of its own, as the edge's is: the kernel shares the CPU out among sessions. */
const ALONE = { stdio: 'ignore', detached: true } as const

interface Peer {
  name: string
  port: number
  pid(): number
}

export async function measureEdge(): Promise<EdgeMeasured> {
  const dir = mkdtempSync(join(tmpdir(), 'brume-bench-edge-'))
  const started: ChildProcess[] = []
  const edges: RealEdge[] = []
  try {
    const behind = await freePort()
    const server = `frontend server\n  bind 127.0.0.1:${behind}\n  http-request return status 200 content-type text/plain string ${BODY}\n`
    started.push(await haproxy(dir, 'server', server, behind))
    const peers: Peer[] = []
    for (const alike of [false, true]) peers.push(await plain(dir, behind, started, alike))
    for (const accessLog of [true, false]) peers.push(await ours(behind, accessLog, edges))
    const missing: string[] = []
    if (findExecutable('nginx') === undefined) missing.push('nginx')
    else peers.push(await nginx(dir, behind, started))
    const client = findExecutable('wrk') === undefined ? 'node' : 'wrk'
    const rounds = new Map(peers.map(({ name }) => [name, [] as EdgeFigures[]]))
    for (let round = 0; round <= ROUNDS; round++)
      for (const peer of peers) {
        const figures = await measure(peer, client)
        // The first warms up.
        if (round > 0) rounds.get(peer.name)!.push(figures)
      }
    return { client, peers: [...rounds.values()].map(median), missing }
  } finally {
    for (const edge of edges) await edge.close()
    for (const child of started) child.kill('SIGTERM')
    rmSync(dir, { recursive: true, force: true })
  }
}

/** `alike`: it does what the edge does for a request, as somebody would write it by hand. */
async function plain(dir: string, behind: number, started: ChildProcess[], alike: boolean): Promise<Peer> {
  const port = await freePort()
  const map = join(dir, 'hosts.map')
  writeFileSync(map, Array.from({ length: ROUTES }, (_, i) => `h${i}.example/ b\n`).join(''))
  const lines = alike
    ? [
        'http-request set-header X-Forwarded-For %[src]',
        'http-request set-header X-Forwarded-Proto http',
        'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
        'http-request set-var(txn.path) path',
        `use_backend %[req.hdr(host),field(1,:),lower,concat(,txn.path,/),map_beg(${map})]`,
      ]
    : ['default_backend b']
  const frontend = ['frontend plain', `bind 127.0.0.1:${port}`, ...lines].join('\n  ')
  const name = alike
    ? `plain HAProxy, ${ROUTES} routes by a map, forwarded headers`
    : 'plain HAProxy, one backend'
  const child = await haproxy(
    dir,
    `plain-${alike}`,
    `${frontend}\nbackend b\n  server s 127.0.0.1:${behind}\n`,
    port,
  )
  started.push(child)
  return { name, port, pid: () => child.pid! }
}

/** With many routes, as Ingresses make them. */
async function ours(behind: number, accessLog: boolean, edges: RealEdge[]): Promise<Peer> {
  const edge = new RealEdge()
  edges.push(edge)
  await edge.listen()
  const endpoint = { ip: '127.0.0.1', port: behind }
  const routes = Array.from({ length: ROUTES }, (_, i) => {
    edge.endpoints.set(`s${i}`, [endpoint])
    return edge.route(`h${i}.example`, '/', `s${i}`)
  })
  edge.applier = edge.newApplier({ accessLog })
  await edge.apply(edge.model(...routes))
  const name = `the edge, ${ROUTES} routes, ${accessLog ? 'access log' : 'no access log'}`
  return { name, port: edge.ports.http, pid: () => edge.haproxy.running!.pid }
}

async function nginx(dir: string, behind: number, started: ChildProcess[]): Promise<Peer> {
  const port = await freePort()
  const folder = join(dir, 'nginx')
  mkdirSync(folder)
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const config = `daemon off; worker_processes auto; pid ${folder}/pid; error_log ${folder}/error.log; user root;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000; ${temp.join(' ')}
upstream b { server 127.0.0.1:${behind}; keepalive ${CONNECTIONS}; keepalive_requests 1000000; }
server { listen 127.0.0.1:${port}; location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://b; } } }`
  writeFileSync(join(folder, 'nginx.conf'), config)
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf')], ALONE)
  started.push(child)
  await listening(port)
  return { name: 'nginx, one backend', port, pid: () => child.pid! }
}

async function haproxy(dir: string, name: string, config: string, port: number): Promise<ChildProcess> {
  const file = join(dir, `${name}.cfg`)
  const head = `defaults\n  mode http\n  timeout connect 3s\n  timeout client 60s\n  timeout server 60s\n`
  writeFileSync(file, `${head}${config}`)
  const child = spawn('haproxy', ['-db', '-f', file], ALONE)
  await listening(port)
  return child
}

async function listening(port: number): Promise<void> {
  await eventually(`port ${port} is listened on`, async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
    return true
  })
}

async function measure({ name, port, pid }: Peer, client: EdgeMeasured['client']): Promise<EdgeFigures> {
  const before = cpuSeconds(family(pid()))
  const perSecond = await (client === 'wrk' ? wrk(port) : node(port))
  const spent = cpuSeconds(family(pid())) - before
  return { name, perSecond, cpuMicros: (spent / (perSecond * SECONDS)) * 1e6 }
}

async function wrk(port: number): Promise<number> {
  const argv = [
    'wrk',
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${SECONDS}s`,
    '-H',
    `Host: ${HOST}`,
    `http://127.0.0.1:${port}/`,
  ]
  const { stdout } = await run(argv)
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`requests failed:\n${stdout}`)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)![1])
}

/** Each connection asks again when an answer has come whole: all answers are as long as the first. */
async function node(port: number): Promise<number> {
  const ask = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
  const end = Date.now() + SECONDS * 1000
  let done = 0
  const client = async () => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      if (!text.endsWith(BODY)) return
      if (!text.startsWith('HTTP/1.1 200')) socket.destroy(new Error(text.slice(0, 200)))
      text = ''
      done++
      if (Date.now() < end) socket.write(ask)
      else socket.end()
    })
    socket.write(ask)
    await once(socket, 'close')
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client))
  return done / SECONDS
}

/** A process and all below it. */
function family(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim().split(' ').filter(Boolean),
  )
  return [pid, ...children.flatMap((child) => family(Number(child)))]
}

function median(figures: readonly EdgeFigures[]): EdgeFigures {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
  return {
    name: figures[0]!.name,
    perSecond: middle(figures.map((one) => one.perSecond)),
    cpuMicros: middle(figures.map((one) => one.cpuMicros)),
  }
}
