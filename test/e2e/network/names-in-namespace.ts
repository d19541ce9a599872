// A child process of names.test.ts, in a network namespace of its own: a node with pods, zones that come, change and go,
// two other DNS servers. Prints what was heard as JSON.

import { silentLogger } from '@brume/base/log'
import { DNS_ZONES, ENDPOINT_SLICES, EVENTS, SERVICES } from '@brume/client/builtin'
import { findExecutable } from '@brume/machine/executables'
import { run } from '@brume/machine/run'
import { startDnsServer } from '@brume/node/dns/server'
import { eventually } from '@brume/testkit/eventually'
import { dig, lookUp } from './lookups.ts'
import { MACHINE, startWorld } from './world.ts'

const NXDOMAIN = 3

const world = await startWorld()
const { client } = world
const server = world.ip('bridge')
const ask = (from: string, ...questions: string[]) => lookUp(world.talkers.get(from)!.pid, server, questions)
const zones = client.resource(DNS_ZONES)
const zone = (name: string, spec: object) =>
  zones.create({ apiVersion: 'brume.dev/v1', kind: 'DnsZone', metadata: { name }, spec })
const record = (name: string, type: string, ...values: string[]) => ({ name, type, values })
const ready = async (name: string) => {
  const { status, metadata } = await zones.get({ name })
  const found = status?.['conditions']?.find(({ type }: { type: string }) => type === 'Ready')
  return found?.observedGeneration === metadata.generation ? found : undefined
}
const said = (name: string) => eventually(`DnsZone ${name} has a condition`, () => ready(name))

/** Questions that nobody was there for. */
async function refusals(): Promise<number> {
  const { stdout } = await run(['nft', 'list', 'ruleset'])
  return Number(/port-unreachable .* counter packets (\d+)/.exec(stdout)?.[1] ?? 0)
}

/** Says who it is to every question for an address. */
const other = (port: number, ip: string) =>
  startDnsServer({
    host: MACHINE,
    port,
    logger: silentLogger,
    async resolve({ id = 0, questions = [] }) {
      const { name, type } = questions[0]!
      const isKnown = !name.toLowerCase().startsWith('nothing')
      const answers = type === 'A' && isKnown ? [{ type: 'A' as const, name, ttl: 1, data: ip }] : []
      return { type: 'response', id, questions, answers, flags: isKnown ? 0 : NXDOMAIN }
    },
  })
const others = [await other(5301, '203.0.113.1'), await other(5302, '203.0.113.2')]
const seen: Record<string, unknown> = {}

try {
  await eventually('the kind DnsZone is served', () => zones.list())
  await zone('corp', {
    zone: 'corp.example.com',
    records: [
      record('@', 'A', '192.0.2.10', '192.0.2.11'),
      record('@', 'MX', '10 mail.corp.example.com'),
      record('@', 'TXT', `v=spf1 ${'x'.repeat(300)}`),
      record('www', 'CNAME', 'kubernetes.default.svc.cluster.local'),
      record('v6', 'AAAA', '2001:db8::1'),
      record('_ldap._tcp', 'SRV', '0 5 389 dc1.corp.example.com'),
      record('*.apps', 'A', '192.0.2.20'),
    ],
  })
  await said('corp')
  const questions = [
    'A corp.example.com',
    'MX corp.example.com',
    'TXT corp.example.com',
    'A www.corp.example.com',
    'AAAA v6.corp.example.com',
    'SRV _ldap._tcp.corp.example.com',
    'A any.apps.corp.example.com',
    'A V6.corp.example.com',
    'A nothing.corp.example.com',
  ]
  const kubernetes = (await client.resource(SERVICES).get({ namespace: 'default', name: 'kubernetes' }))[
    'spec'
  ]
  seen['records'] = (await ask('client', ...questions)).map((text) =>
    text.replace(kubernetes.clusterIP, 'kubernetes').replace(/x+/, 'x'),
  )
  const pid = world.talkers.get('client')!.pid
  if (findExecutable('dig') !== undefined)
    seen['dig'] = {
      alias: (await dig(pid, server, ['WWW.corp.example.com', 'A'])).map((line) =>
        line.replace(kubernetes.clusterIP, 'kubernetes'),
      ),
      none: await dig(pid, server, ['nothing.corp.example.com', 'A']),
      noData: await dig(pid, server, ['v6.corp.example.com', 'A']),
      tcp: (await dig(pid, server, ['corp.example.com', 'MX', '+tcp'])).slice(0, 2),
      plain: await dig(pid, server, ['corp.example.com', 'A', '+noedns']),
      badVersion: (await dig(pid, server, ['corp.example.com', 'A', '+edns=1', '+noednsnegotiation']))[0],
    }

  // Forwarded as a whole; for what has no records; and all names of the world.
  await zone('lab', { zone: 'lab.example.com', forward: { servers: [`${MACHINE}:5301`] } })
  await zone('mixed', {
    zone: 'mixed.example.com',
    records: [record('own', 'A', '192.0.2.30')],
    forward: { servers: [`${MACHINE}:5301`] },
  })
  await zone('world', { zone: '.', forward: { servers: [`${MACHINE}:5302`] } })
  for (const name of ['lab', 'mixed', 'world']) await said(name)
  seen['forwarded'] = await ask(
    'client',
    'A a.lab.example.com',
    'A nothing.lab.example.com',
    'A own.mixed.example.com',
    'A other.mixed.example.com',
    'AAAA own.mixed.example.com',
    'A example.org',
    'A corp.example.com',
  )

  // Split horizon: pods of `other` hear something else, and so may who is no pod.
  await zone('corp-for-other', {
    zone: 'corp.example.com',
    namespaces: ['other'],
    records: [record('@', 'A', '192.0.2.99')],
  })
  await said('corp-for-other')
  const horizon = ['A corp.example.com', 'A any.apps.corp.example.com']
  seen['horizon'] = {
    shop: await ask('client', ...horizon),
    other: await ask('guest', ...horizon),
    node: await ask('node', ...horizon),
  }

  // What is wrong is said, and breaks nothing else.
  await zone('broken', { zone: 'broken.example.com', records: [record('a', 'A', '300.1.1.1', '192.0.2.40')] })
  await zone('taken', { zone: 'corp.example.com', records: [record('@', 'A', '192.0.2.41')] })
  await zone('hopeless', { zone: 'svc.cluster.local', records: [record('a', 'A', '192.0.2.42')] })
  const names = ['corp', 'broken', 'taken', 'hopeless']
  seen['conditions'] = await Promise.all(
    names.map(async (name) => {
      const { status, reason } = await said(name)
      return `${name} ${status} ${reason}`
    }),
  )
  seen['events'] = await eventually('Events', async () => {
    const { items } = await client.resource(EVENTS).list({ namespace: 'default' })
    const reasons = items
      .filter((one) => one['involvedObject'].kind === 'DnsZone')
      .map((one) => one['reason'])
    return reasons.length >= 3 ? [...new Set(reasons)].sort() : undefined
  })
  seen['beside'] = await ask(
    'client',
    'A a.broken.example.com',
    'A corp.example.com',
    'A a.svc.cluster.local',
  )
  const refused = await zone('refused', { zone: 'a.b', records: [record('a', 'LOC', 'x')] }).catch(
    (error) => error,
  )
  seen['refused'] = String(refused.message ?? '')

  // Changes and ends count without a start.
  await zones.patch(
    { name: 'corp' },
    { type: 'merge', body: { spec: { records: [record('@', 'A', '192.0.2.50')] } } },
  )
  await said('corp')
  seen['changed'] = await ask('client', 'A corp.example.com', 'A any.apps.corp.example.com')
  await zones.delete({ name: 'corp' })
  await eventually('the next in line is served', async () => (await ready('taken'))?.status === 'True')
  seen['next'] = await ask('client', 'A corp.example.com')
  await zones.delete({ name: 'taken' })
  seen['gone'] = await eventually('the zone is gone', async () => {
    const [shop] = await ask('client', 'A corp.example.com')
    return shop === '203.0.113.2' ? [shop, ...(await ask('guest', 'A corp.example.com'))] : undefined
  })

  // Names of the cloud, the other way round.
  await client.resource(SERVICES).create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'headless' },
    spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 8080 }] },
  })
  await client.resource(SERVICES).create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'plain' },
    spec: { selector: { app: 'db' }, ports: [{ port: 8080 }] },
  })
  await eventually('endpoints', async () => {
    const { items } = await client.resource(ENDPOINT_SLICES).list({ namespace: 'shop' })
    return items.length === 2 && items.every((one) => one['endpoints'].length === 1)
  })
  const web = world.ip('web')
  const { clusterIP } = (await client.resource(SERVICES).get({ namespace: 'shop', name: 'plain' }))['spec']
  const dashed = web.replaceAll('.', '-')
  await eventually('the address has a name', async () =>
    (await ask('client', `PTR ${web}`))[0]?.includes('headless'),
  )
  seen['reverse'] = (
    await ask(
      'client',
      `PTR ${web}`,
      `A ${dashed}.headless.shop.svc.cluster.local`,
      `PTR ${clusterIP}`,
      `PTR ${world.ip('db')}`,
      'A PLAIN.Shop.SVC.Cluster.Local',
      'AAAA plain.shop.svc.cluster.local',
    )
  ).map((text) => text.replace(dashed, 'DASHED').replace(web, 'WEB').replace(clusterIP, 'PLAIN'))

  // While the agent is started again, who asks hears nothing, and asks again.
  await world.stopAgent()
  const talker = world.talkers.get('client')!
  const plainly = (port: number) => talker.ask({ host: server, port, protocol: 'udp', limitMs: 500 })
  const [names53, other54] = [await plainly(53), await plainly(54)]
  const before = await refusals()
  const asking = ask('client', 'A kubernetes.default.svc.cluster.local', 'A example.org')
  await eventually('both questions came in vain', async () => (await refusals()) >= before + 2)
  await world.startAgent()
  seen['restarted'] = {
    names: names53,
    others: other54,
    heard: (await asking).map((text) => text.replace(kubernetes.clusterIP, 'kubernetes')),
  }
  process.stdout.write(JSON.stringify(seen))
} finally {
  for (const one of others) await one.close()
  await world.close()
}
