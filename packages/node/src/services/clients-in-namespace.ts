// A child process of clients.test.ts, in a network namespace of its own that stands for a node: three pods on its bridge,
// and an outside with many clients. Prints what each heard as JSON.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { routesOf } from '@brume/api/network/services'
import { silentLogger } from '@brume/base/log'
import { run } from '@brume/machine/run'
import { eventually } from '@brume/testkit/eventually'
import { CNI_CONF_FILE } from '../network/cni-conf.ts'
import { ensureNetwork } from '../network/network.ts'
import { removeNetwork } from '../network/remove.ts'
import { addPod, ask, inside, Namespaces, wire } from '../testing/namespaces.ts'
import { elementsOf } from './elements.ts'
import { KernelServices } from './kernel.ts'
import { parseRemembered } from './remembered.ts'
import { REMEMBERED } from './table.ts'

const TABLE = 'clients-services'
const MACHINE = '198.51.100.2'
const NODE = { name: 'n1', zone: undefined, address: MACHINE }
const BALANCER = '203.0.113.5'
const STICKY = '10.96.0.12'
const SHORT = '10.96.0.13'
const LIMITED = '10.96.0.14'
const NODE_PORT = 30_080
const CLIENTS = Array.from({ length: 12 }, (_, i) => `198.51.100.${i + 10}`)

const namespaces = new Namespaces()
const dataDir = mkdtempSync(join(tmpdir(), 'brume-clients-'))

function elements(addresses: readonly string[], spec: object, status: object = {}) {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'd', name: 's' },
    spec: { ports: [{ port: 80, name: 'web' }], ...spec },
    status,
  }
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'd', name: 's' },
    addressType: 'IPv4',
    ports: [{ name: 'web', port: 8080 }],
    endpoints: addresses.map((ip) => ({ addresses: [ip], nodeName: 'n1' })),
  }
  return elementsOf(routesOf(service, [slice], NODE))
}

try {
  await run(['ip', 'link', 'set', 'lo', 'up'])
  const outside = await namespaces.make()
  await wire({ pid: outside, here: `${MACHINE}/24`, there: CLIENTS.map((client) => `${client}/24`) })
  await inside(outside, ['ip', 'route', 'add', 'default', 'via', MACHINE])
  await run(['ip', 'route', 'add', 'default', 'via', CLIENTS[0]!])
  const network = await ensureNetwork({ dataDir, serviceRange: '10.96.0.0/16', logger: silentLogger })
  const conf = join(network.cniConfDir, CNI_CONF_FILE)
  const [a, b, c] = [await namespaces.make(), await namespaces.make(), await namespaces.make()]
  const [ipA, ipB, ipC] = [await addPod(conf, a), await addPod(conf, b), await addPod(conf, c)]
  await namespaces.serve(a, 'a', 8080)
  await namespaces.serve(b, 'b', 8080)
  await namespaces.serve(c, 'c', 8080)

  const options = { table: TABLE, bridge: network.bridge, podRange: network.range }
  let kernel = new KernelServices(options, silentLogger)
  const set = (service: string, of: ReturnType<typeof elements>) => kernel.apply([{ service, elements: of }])
  /** The first letter of what each client hears is the name of its backend. */
  const heard = async (host: string, port: number) =>
    (await Promise.all(CLIENTS.map((client) => ask(outside, host, port, client)))).map((text) => text[0])
  const remembered = async () =>
    parseRemembered((await run(['nft', '-j', 'list', 'map', 'ip', TABLE, REMEMBERED])).stdout)

  const affinity = {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 7200 } },
  }
  const sticky = (...addresses: string[]) =>
    elements(addresses, {
      ...affinity,
      clusterIP: STICKY,
      ports: [{ port: 80, name: 'web', nodePort: NODE_PORT }],
    })
  await set('d/sticky', sticky(ipA, ipB))
  const first = await heard(STICKY, 80)
  const firstAtPort = await heard(MACHINE, NODE_PORT)
  const again = await heard(STICKY, 80)
  await set('d/sticky', sticky(ipA, ipB, ipC))
  const withC = { own: await heard(STICKY, 80), port: await heard(MACHINE, NODE_PORT) }
  kernel.distrust()
  await kernel.apply([])
  const rewritten = await heard(STICKY, 80)
  kernel = new KernelServices(options, silentLogger)
  await set('d/sticky', sticky(ipA, ipB))
  const restarted = { own: await heard(STICKY, 80), port: await heard(MACHINE, NODE_PORT) }
  const left = async () =>
    Math.min(
      ...(await remembered())
        .filter(({ frontend }) => frontend.startsWith(STICKY))
        .map((one) => one.leftSeconds),
    )
  const before = await eventually('a second of the time to be over', async () => {
    const seconds = await left()
    return seconds < 7199 ? seconds : undefined
  })
  await heard(STICKY, 80)
  const renewed = (await left()) > before
  await set('d/sticky', sticky(ipB))
  const withoutA = { own: await heard(STICKY, 80), port: await heard(MACHINE, NODE_PORT) }
  await set('d/sticky', sticky(ipA, ipB))
  const withAAgain = await heard(STICKY, 80)
  await set('d/sticky', elements([ipA, ipB], { clusterIP: STICKY }))
  const withoutAffinity = (await remembered()).length

  const short = { ...affinity, clusterIP: SHORT, sessionAffinityConfig: { clientIP: { timeoutSeconds: 2 } } }
  await set('d/short', elements([ipA, ipB], short))
  await heard(SHORT, 80)
  const shortOnes = (await remembered()).length
  await eventually('the time to be over', async () => (await remembered()).length === 0 || undefined)

  const ports = [{ port: 80, name: 'web', nodePort: NODE_PORT + 1 }]
  const status = { loadBalancer: { ingress: [{ ip: BALANCER }] } }
  const limited = (loadBalancerSourceRanges?: string[]) =>
    set('d/limited', elements([ipA], { clusterIP: LIMITED, ports, loadBalancerSourceRanges }, status))
  const [one, two] = [CLIENTS[0]!, CLIENTS[11]!]
  const all = async () => ({
    one: await ask(outside, BALANCER, 80, one),
    two: await ask(outside, BALANCER, 80, two),
    pod: await ask(c, BALANCER, 80),
  })
  await limited(['198.51.100.8/29', `${one}/32`, '192.0.2.0/24'])
  const limits = {
    some: await all(),
    nodePort: await ask(outside, MACHINE, NODE_PORT + 1, two),
    clusterIp: await ask(c, LIMITED, 80),
    node: await ask(process.pid, BALANCER, 80),
    changed: await limited(['198.51.100.16/28', ' 10.0.0.0/8']).then(all),
    nodeToo: await limited([`${MACHINE}/32`, '198.51.0.0/16']).then(() => ask(process.pid, BALANCER, 80)),
    otherFamily: await limited(['fd00::/8']).then(all),
    none: await limited().then(all),
  }
  await run(['nft', 'delete', 'table', 'ip', TABLE])
  await removeNetwork(dataDir)
  process.stdout.write(
    JSON.stringify({
      ...{ addresses: { ipA, ipB, ipC }, first, firstAtPort, again, withC, rewritten, restarted, renewed },
      ...{ withoutA, withAAgain, withoutAffinity, shortOnes, limits },
    }),
  )
} finally {
  namespaces.close()
  rmSync(dataDir, { recursive: true, force: true })
}
