// A child process of the benchmark `net`, in a network namespace that stands for a node. Prints what it measured as JSON.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { routesOf } from '@brume/api/network/services'
import { silentLogger } from '@brume/base/log'
import { run } from '@brume/machine/run'
import { CNI_CONF_FILE } from '@brume/node/network/cni-conf'
import { ensureNetwork } from '@brume/node/network/network'
import { removeNetwork } from '@brume/node/network/remove'
import { type Elements, elementsOf } from '@brume/node/services/elements'
import { changeScript, drawScript, tableScript } from '@brume/node/services/table'
import { addPod, inside, Namespaces } from '@brume/node/testing/namespaces'
import type { Measured } from '../net.ts'

const TABLE = 'bench-services'
const COUNTS = [10, 1_000, 10_000]
const ENDPOINTS = 5
const CHANGES = 15
const SECONDS = 3
const AT_ONCE = 16
/** Runs of each way, in turns: a machine that is busy for a while is so for all of them. */
const ROUNDS = 3
/** Not that of the direct connections: those that have just ended hold their pairs of ports, and the kernel would search for others. */
const SERVICE_PORT = 8081
const NODE = { name: 'n', zone: undefined }
const WEB = '10.96.0.10'
const NONE: Elements = new Map()

/** Asks over and over, each time on a new connection, and prints how often a second it was answered. */
const CLIENT = `
const [host, port] = process.argv.slice(1)
const { get } = require('node:http')
let done = 0
const end = Date.now() + ${SECONDS * 1000}
const ask = () => {
  if (Date.now() > end) return
  get({ host, port, agent: false }, (answer) => { answer.resume(); answer.on('end', () => { done++; ask() }) })
    .on('error', (error) => { throw error })
}
for (let i = 0; i < ${AT_ONCE}; i++) ask()
process.on('exit', () => console.log(done / ${SECONDS}))`

const dataDir = mkdtempSync(join(tmpdir(), 'brume-bench-net-'))
const namespaces = new Namespaces()
try {
  await run(['ip', 'link', 'set', 'lo', 'up'])
  const network = await ensureNetwork({ dataDir, serviceRange: '10.96.0.0/16', logger: silentLogger })
  const conf = join(network.cniConfDir, CNI_CONF_FILE)
  const [server, client] = [await namespaces.make(), await namespaces.make()]
  const ip = await addPod(conf, server)
  await addPod(conf, client)
  for (const pod of [server, client]) await namespaces.serveHttp(pod, 8080)
  await namespaces.serveHttp(server, SERVICE_PORT)
  const { bridge, range: podRange } = network
  const draws = [1, ENDPOINTS, ENDPOINTS + 1].flatMap((count) =>
    (['services', 'node-ports'] as const).flatMap((at) => drawScript(TABLE, { at, draw: 'random', count })),
  )
  const fresh = [...tableScript({ table: TABLE, bridge, podRange }), ...draws]
  const web = elements(WEB, [ip])
  await nft([...fresh, ...changeScript(TABLE, NONE, web)])
  const rates: Record<'loopback' | 'pod' | 'service', number[]> = { loopback: [], pod: [], service: [] }
  for (let round = 0; round < ROUNDS; round++) {
    rates.loopback.push(await ask(client, '127.0.0.1', 8080))
    rates.pod.push(await ask(client, ip, 8080))
    rates.service.push(await ask(client, WEB, 80))
  }
  const changes: Measured['changes'][number][] = []
  for (const services of COUNTS) {
    const all: Elements[] = Array.from({ length: services }, (_, i) => elements(clusterIp(i), backends(i)))
    const loadMs = await nft([...fresh, ...all.flatMap((one) => changeScript(TABLE, NONE, one))])
    const times: number[] = []
    for (let i = 0; i < CHANGES; i++) {
      const more = elements(clusterIp(i % services), [...backends(i % services), `10.44.0.${i + 1}`])
      times.push(await nft(changeScript(TABLE, all[i % services]!, more)))
      all[i % services] = more
    }
    changes.push({ services, loadMs, changeMs: median(times) })
  }
  await nft(['add table ip bare', 'add map ip bare m { type ipv4_addr : ipv4_addr ; }'])
  const bare: number[] = []
  for (let i = 1; i <= CHANGES; i++)
    bare.push(await nft([`add element ip bare m { 10.0.0.${i} : 10.0.0.1 }`]))
  const measured: Measured = {
    loopback: median(rates.loopback),
    pod: median(rates.pod),
    service: median(rates.service),
    changes,
    bareMs: median(bare),
  }
  process.stdout.write(JSON.stringify(measured))
  await removeNetwork(dataDir)
} finally {
  namespaces.close()
  rmSync(dataDir, { recursive: true, force: true })
}

function elements(clusterIP: string, ips: readonly string[]): Elements {
  const spec = { clusterIP, ports: [{ port: 80, name: 'web' }] }
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'd', name: 's' },
    spec,
    status: {},
  }
  const endpoints = ips.map((address) => ({ addresses: [address], nodeName: 'n' }))
  const slice = {
    apiVersion: 'v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'd', name: 's' },
    addressType: 'IPv4',
    ports: [{ name: 'web', port: SERVICE_PORT }],
    endpoints,
  }
  return elementsOf(routesOf(service, [slice], NODE))
}

function clusterIp(i: number): string {
  return `10.97.${Math.floor(i / 250)}.${(i % 250) + 1}`
}

function backends(i: number): string[] {
  return Array.from({ length: ENDPOINTS }, (_, k) => `10.${50 + k}.${Math.floor(i / 250)}.${(i % 250) + 1}`)
}

/** Milliseconds until the kernel has it. */
async function nft(lines: readonly string[]): Promise<number> {
  const started = performance.now()
  await run(['nft', '-f', '-'], { input: `${lines.join('\n')}\n`, timeoutMs: 60_000 })
  return performance.now() - started
}

async function ask(from: number, host: string, port: number): Promise<number> {
  return Number(await inside(from, [process.execPath, '-e', CLIENT, host, String(port)]))
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
