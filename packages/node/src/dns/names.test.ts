import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerOf, type NameSource, reverseAnswer } from './names.ts'

const DOMAIN = 'cluster.local'

function object(kind: string, name: string, fields: object) {
  return { apiVersion: 'v1', kind, metadata: { namespace: 'shop', name }, ...fields }
}

const PORTS = [{ name: 'http', port: 80, protocol: 'TCP' }]
const SERVICES = new Map([
  [
    'web',
    object('Service', 'web', {
      spec: { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5', 'fd00::5'], ports: PORTS },
    }),
  ],
  ['db', object('Service', 'db', { spec: { clusterIP: 'None', ports: [{ name: 'pg', port: 5432 }] } })],
  ['idle', object('Service', 'idle', { spec: { clusterIP: 'None', ports: [] } })],
  ['out', object('Service', 'out', { spec: { type: 'ExternalName', externalName: 'example.org' } })],
])
const SLICE = object('EndpointSlice', 'db-1', {
  addressType: 'IPv4',
  ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }],
  endpoints: [
    { addresses: ['10.42.0.7'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.42.0.8'], conditions: { ready: true } },
    { addresses: ['10.42.0.9'], hostname: 'db-2', conditions: { ready: false } },
  ],
})
const SOURCE: NameSource = {
  service: (namespace, name) => (namespace === 'shop' ? SERVICES.get(name) : undefined),
  slices: (_namespace, name) => (name === 'db' ? [SLICE] : []),
  namespaceExists: (namespace) => namespace === 'shop',
  synced: async () => {},
  namesOf: (address) => (address === '10.96.0.5' ? ['web.shop.svc.cluster.local'] : []),
}

/** `A 10.0.0.1`, `SRV 80 target`, ... sorted; or what else the answer is. */
function told(name: string): string[] | string {
  const answer = name.endsWith('.arpa') ? reverseAnswer(SOURCE, name) : answerOf(SOURCE, DOMAIN, name)
  if (answer.type === 'alias') return `alias ${answer.target}`
  if (answer.type === 'unknown') return 'unknown'
  return answer.records.map((record) => Object.values(record).join(' ')).sort()
}

const CASES: [title: string, name: string, told: string[] | string][] = [
  [
    'a Service has its addresses and its ports',
    'web.shop.svc.cluster.local',
    ['A 10.96.0.5', 'AAAA fd00::5', 'SRV 80 web.shop.svc.cluster.local'],
  ],
  ['a port has a name', '_http._tcp.web.shop.svc.cluster.local', ['SRV 80 web.shop.svc.cluster.local']],
  ['a port that the Service does not have is unknown', '_http._udp.web.shop.svc.cluster.local', 'unknown'],
  ['a Service that is not there is unknown', 'nothing.shop.svc.cluster.local', 'unknown'],
  [
    'a headless Service has the addresses of its ready endpoints',
    'db.shop.svc.cluster.local',
    [
      'A 10.42.0.7',
      'A 10.42.0.8',
      'SRV 5432 10-42-0-8.db.shop.svc.cluster.local',
      'SRV 5432 db-0.db.shop.svc.cluster.local',
    ],
  ],
  ['an endpoint has the name of its pod', 'db-0.db.shop.svc.cluster.local', ['A 10.42.0.7']],
  [
    'an endpoint without a host name has its address for one',
    '10-42-0-8.db.shop.svc.cluster.local',
    ['A 10.42.0.8'],
  ],
  ['an endpoint that is not ready has no name', 'db-2.db.shop.svc.cluster.local', 'unknown'],
  ['a headless Service without endpoints is unknown', 'idle.shop.svc.cluster.local', 'unknown'],
  ['an external name leads elsewhere', 'out.shop.svc.cluster.local', 'alias example.org'],
  ['a namespace exists and has no records', 'shop.svc.cluster.local', []],
  ['a namespace that is not there is unknown', 'other.svc.cluster.local', 'unknown'],
  ['a pod has the address that its name says', '10-42-0-7.shop.pod.cluster.local', ['A 10.42.0.7']],
  ['a pod name that is no address is unknown', 'web-0.shop.pod.cluster.local', 'unknown'],
  ['the specification has a version', 'dns-version.cluster.local', ['TXT 1.1.0']],
  ['an address has a name', '5.0.96.10.in-addr.arpa', ['PTR web.shop.svc.cluster.local']],
  ['an address that nobody has is unknown', '6.0.96.10.in-addr.arpa', 'unknown'],
  ['anything else below the domain is unknown', 'a.b.c.cluster.local', 'unknown'],
]

describe('names of the cloud', () => {
  for (const [title, name, expected] of CASES) it(title, () => assert.deepEqual(told(name), expected))
})
