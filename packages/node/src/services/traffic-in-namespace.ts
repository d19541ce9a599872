// A child process of traffic.test.ts, in a network namespace of its own that stands for a node: three pods on its bridge,
// a client outside. Prints what each heard as JSON.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compilePolicies } from '@brume/api/network/policies'
import { routesOf } from '@brume/api/network/services'
import { silentLogger } from '@brume/base/log'
import { run } from '@brume/machine/run'
import { CNI_CONF_FILE } from '../network/cni-conf.ts'
import { ensureNetwork } from '../network/network.ts'
import { removeNetwork } from '../network/remove.ts'
import { policyScript } from '../policies/table.ts'
import { addPod, ask, askOften, Namespaces, wire } from '../testing/namespaces.ts'
import { type Elements, elementsOf } from './elements.ts'
import { changeScript, drawScript, tableScript } from './table.ts'

const TABLE = 'traffic-services'
const POLICIES = 'traffic-policies'
const NODE = { name: 'n1', zone: undefined }
const MACHINE = '198.51.100.2'
const OUTSIDE = '198.51.100.1'
const WEB = '10.96.0.10'
const EMPTY = '10.96.0.11'
const STICKY = '10.96.0.12'
const TIMES = 40

const namespaces = new Namespaces()
const dataDir = mkdtempSync(join(tmpdir(), 'brume-traffic-'))
const nft = (lines: readonly string[]) => run(['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })

function service(name: string, clusterIP: string, more: object = {}) {
  const spec = { clusterIP, ports: [{ port: 80, name: 'web' }], ...more }
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'd', name }, spec, status: {} }
}

function slice(addresses: readonly string[]) {
  const endpoints = addresses.map((ip) => ({ addresses: [ip], nodeName: 'n1' }))
  const ports = [{ name: 'web', port: 8080 }]
  const metadata = { namespace: 'd', name: 's' }
  return { apiVersion: 'v1', kind: 'EndpointSlice', metadata, addressType: 'IPv4', ports, endpoints }
}

function pod(name: string, ip: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'd', name, uid: name, labels: { app: name } },
    spec: { nodeName: 'n1', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }] },
    status: { phase: 'Running', podIPs: [{ ip }] },
  }
}

/** How often each text came. */
function counted(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1
  return counts
}

try {
  await run(['ip', 'link', 'set', 'lo', 'up'])
  const outside = await namespaces.make()
  await wire({ pid: outside, here: `${MACHINE}/24`, there: [`${OUTSIDE}/24`] })
  const network = await ensureNetwork({ dataDir, serviceRange: '10.96.0.0/16', logger: silentLogger })
  const conf = join(network.cniConfDir, CNI_CONF_FILE)
  const [a, b, c] = [await namespaces.make(), await namespaces.make(), await namespaces.make()]
  const [ipA, ipB, ipC] = [await addPod(conf, a), await addPod(conf, b), await addPod(conf, c)]
  await namespaces.serve(a, 'a', 8080)
  await namespaces.serve(b, 'b', 8080)

  const { bridge, range: podRange } = network
  const both = slice([ipA, ipB])
  const web = elementsOf(
    routesOf(service('web', WEB, { ports: [{ port: 80, name: 'web', nodePort: 30080 }] }), [both], NODE),
  )
  const empty = elementsOf(routesOf(service('empty', EMPTY), [], NODE))
  const sticky = elementsOf(
    routesOf(service('sticky', STICKY, { sessionAffinity: 'ClientIP' }), [both], NODE),
  )
  const none: Elements = new Map()
  const draws = (['services', 'node-ports'] as const).flatMap((at) =>
    [1, 2].flatMap((count) =>
      (['random', 'sticky'] as const).flatMap((draw) => drawScript(TABLE, { at, draw, count })),
    ),
  )
  await nft([
    ...tableScript({ table: TABLE, bridge, podRange }),
    ...draws,
    ...[web, empty, sticky].flatMap((elements) => changeScript(TABLE, none, elements)),
  ])
  const seen: Record<string, unknown> = {
    addresses: { a: ipA, b: ipB, c: ipC },
    shared: counted(await askOften(c, WEB, { port: 80, times: TIMES })),
    sticky: counted(await askOften(c, STICKY, { port: 80, times: TIMES })),
    itself: counted(await askOften(a, WEB, { port: 80, times: TIMES })),
    node: counted(await askOften(process.pid, WEB, { port: 80, times: 10 })),
    outside: counted(await askOften(outside, MACHINE, { port: 30_080, times: TIMES })),
    emptyFromPod: await ask(c, EMPTY, 80),
    emptyFromNode: await ask(process.pid, EMPTY, 80),
  }
  // One backend goes: only elements change.
  const one = elementsOf(routesOf(service('web', WEB), [slice([ipB])], NODE))
  await nft(changeScript(TABLE, web, one))
  seen['afterChange'] = counted(await askOften(c, WEB, { port: 80, times: 10 }))
  seen['nodePortGone'] = await ask(outside, MACHINE, 30_080)

  const world = {
    pods: [pod('a', ipA), pod('b', ipB), pod('c', ipC)],
    namespaces: new Map(),
    nodeName: 'n1',
  }
  const policy = (name: string, spec: object) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'd', name },
    spec,
  })
  const apply = async (...policies: ReturnType<typeof policy>[]) => {
    const filters = compilePolicies({ ...world, policies })
    await nft([policyScript({ table: POLICIES, bridge: bridge!, filters })])
  }
  const closed = { podSelector: { matchLabels: { app: 'b' } }, policyTypes: ['Ingress'] }
  await apply(policy('closed', closed))
  seen['closed'] = {
    direct: await ask(c, ipB, 8080),
    service: await ask(c, WEB, 80),
    node: await ask(process.pid, ipB, 8080),
  }
  await apply(
    policy('closed', closed),
    policy('c', {
      ...closed,
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'c' } } }], ports: [{ port: 'web' }] }],
    }),
  )
  seen['opened'] = { forC: await ask(c, WEB, 80), forA: await ask(a, ipB, 8080) }
  await apply(
    policy('egress', {
      podSelector: { matchLabels: { app: 'c' } },
      policyTypes: ['Egress'],
      egress: [
        { to: [{ podSelector: { matchLabels: { app: 'a' } } }], ports: [{ port: 8080, endPort: 8090 }] },
      ],
    }),
  )
  seen['egress'] = {
    toA: await ask(c, ipA, 8080),
    toB: await ask(c, ipB, 8080),
    others: await ask(a, ipB, 8080),
  }
  await apply(
    policy('block', {
      ...closed,
      ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0', except: [`${ipA}/32`] } }] }],
    }),
  )
  seen['block'] = { forC: await ask(c, ipB, 8080), forA: await ask(a, ipB, 8080) }
  await apply()
  seen['open'] = await ask(a, ipB, 8080)
  await run(['nft', 'delete', 'table', 'ip', TABLE])
  await removeNetwork(dataDir)
  process.stdout.write(JSON.stringify(seen))
} finally {
  namespaces.close()
  rmSync(dataDir, { recursive: true, force: true })
}
