import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { PodProblem } from '../contract.ts'
import { environmentOf } from './env.ts'
import { envReferences, loadEnvObjects } from './env-objects.ts'
import { SETTINGS, testContainer, testPod } from './testing.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

const OBJECTS: Record<string, KubeObject> = {
  'ConfigMap/settings': {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'shop' },
    data: { COLOR: 'blue', SIZE: '$(COLOR)' },
  },
  'Secret/keys': {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'keys', namespace: 'shop' },
    data: { TOKEN: base64('s3cret'), EMPTY: '' },
  },
}

const service = (name: string, namespace: string, spec: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec,
})

const SERVICES = [
  service('kubernetes', 'default', { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] }),
  service('db-main', 'shop', {
    clusterIP: '10.96.0.5',
    ports: [
      { port: 5432, protocol: 'TCP' },
      { name: 'side-port', port: 53, protocol: 'UDP' },
    ],
  }),
  service('six', 'shop', { clusterIP: 'fd00::1', ports: [{ port: 80 }] }),
  service('headless', 'shop', { clusterIP: 'None', ports: [{ port: 1 }] }),
  service('named', 'shop', { externalName: 'x.example' }),
  service('elsewhere', 'other', { clusterIP: '10.96.0.9', ports: [{ port: 1 }] }),
]

interface Given {
  env?: object[]
  envFrom?: object[]
  resources?: object
  spec?: object
  services?: KubeObject[]
}

function environment({ services = [], spec = {}, ...container }: Given): Record<string, string> {
  const env = environmentOf({
    pod: testPod(
      { enableServiceLinks: true, ...spec },
      { labels: { app: 'web' }, annotations: { a: 'x"y\n' } },
    ),
    container: testContainer(container),
    podIps: ['10.1.0.9', 'fd00::9'],
    objects: (kind, name) => OBJECTS[`${kind}/${name}`],
    services,
    settings: SETTINGS,
  })
  return Object.fromEntries(env.map(({ key, value }) => [key, value]))
}

const field = (fieldPath: string) => [{ name: 'X', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } }]

const FIELDS: [string, string][] = [
  ['metadata.name', 'web'],
  ['metadata.namespace', 'shop'],
  ['metadata.uid', 'uid-1'],
  ["metadata.labels['app']", 'web'],
  ["metadata.labels['none']", ''],
  ["metadata.annotations['a']", 'x"y\n'],
  ['metadata.annotations', 'a="x\\"y\\n"'],
  ['spec.nodeName', 'node-1'],
  ['spec.serviceAccountName', 'default'],
  ['status.hostIP', '192.0.2.7'],
  ['status.hostIPs', '192.0.2.7,2001:db8::7'],
  ['status.podIP', '10.1.0.9'],
  ['status.podIPs', '10.1.0.9,fd00::9'],
]

for (const [path, value] of FIELDS) {
  test(`fieldRef ${path}`, () => assert.deepEqual(environment({ env: field(path) }), { X: value }))
}

const RESOURCES = { requests: { cpu: '250m', memory: '64Mi' }, limits: { memory: '100M' } }
const AMOUNTS: [object, string][] = [
  [{ resource: 'requests.cpu' }, '1'],
  [{ resource: 'requests.cpu', divisor: '1m' }, '250'],
  [{ resource: 'limits.cpu', divisor: '0' }, '2'],
  [{ resource: 'limits.cpu', divisor: '1m' }, '1900'],
  [{ resource: 'limits.memory' }, '100000000'],
  [{ resource: 'requests.memory', divisor: '1Mi' }, '64'],
  [{ resource: 'limits.ephemeral-storage', divisor: '1Gi' }, '10'],
  [{ resource: 'requests.ephemeral-storage' }, '0'],
  [{ resource: 'limits.memory', containerName: 'app', divisor: '1Gi' }, '3'],
]

for (const [ref, value] of AMOUNTS) {
  test(`resourceFieldRef ${JSON.stringify(ref)}`, () => {
    const env = [{ name: 'X', valueFrom: { resourceFieldRef: ref } }]
    assert.deepEqual(environment({ env, resources: RESOURCES }), { X: value })
  })
}

test('env wins over envFrom, later over earlier, and references see what is above them', () => {
  const found = environment({
    envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'P_', secretRef: { name: 'keys' } }],
    env: [
      { name: 'FIRST', value: '$(SECOND) $(COLOR)' },
      { name: 'SECOND', value: '2' },
      { name: 'COLOR', value: 'red $(COLOR)' },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'TOKEN' } } },
      { name: 'ALL', value: '$(COLOR) $(TOKEN) $$(COLOR)' },
      { name: 'NOTHING' },
    ],
  })
  assert.deepEqual(found, {
    COLOR: 'red blue',
    SIZE: '$(COLOR)',
    P_EMPTY: '',
    P_TOKEN: 's3cret',
    FIRST: '$(SECOND) blue',
    SECOND: '2',
    TOKEN: 's3cret',
    ALL: 'red blue s3cret $(COLOR)',
    NOTHING: '',
  })
})

test('Services with an address are told, below what the container says itself', () => {
  const found = environment({
    env: [
      { name: 'DB_MAIN_PORT', value: 'mine' },
      { name: 'URL', value: 'pg://$(DB_MAIN_SERVICE_HOST)' },
    ],
    services: SERVICES,
  })
  assert.deepEqual(found, {
    DB_MAIN_PORT: 'mine',
    URL: 'pg://10.96.0.5',
    DB_MAIN_SERVICE_HOST: '10.96.0.5',
    DB_MAIN_SERVICE_PORT: '5432',
    DB_MAIN_SERVICE_PORT_SIDE_PORT: '53',
    DB_MAIN_PORT_5432_TCP: 'tcp://10.96.0.5:5432',
    DB_MAIN_PORT_5432_TCP_PROTO: 'tcp',
    DB_MAIN_PORT_5432_TCP_PORT: '5432',
    DB_MAIN_PORT_5432_TCP_ADDR: '10.96.0.5',
    DB_MAIN_PORT_53_UDP: 'udp://10.96.0.5:53',
    DB_MAIN_PORT_53_UDP_PROTO: 'udp',
    DB_MAIN_PORT_53_UDP_PORT: '53',
    DB_MAIN_PORT_53_UDP_ADDR: '10.96.0.5',
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    KUBERNETES_PORT: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
    KUBERNETES_PORT_443_TCP_PORT: '443',
    KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
    SIX_SERVICE_HOST: 'fd00::1',
    SIX_SERVICE_PORT: '80',
    SIX_PORT: 'tcp://[fd00::1]:80',
    SIX_PORT_80_TCP: 'tcp://[fd00::1]:80',
    SIX_PORT_80_TCP_PROTO: 'tcp',
    SIX_PORT_80_TCP_PORT: '80',
    SIX_PORT_80_TCP_ADDR: 'fd00::1',
  })
})

test('without service links only the API server is told', () => {
  const names = Object.keys(environment({ spec: { enableServiceLinks: false }, services: SERVICES }))
  assert.ok(names.length > 0 && names.every((name) => name.startsWith('KUBERNETES_')))
})

const key = (kind: 'configMapKeyRef' | 'secretKeyRef', ref: object) => [
  { name: 'X', valueFrom: { [kind]: ref } },
]

const PROBLEMS: [Given, string][] = [
  [{ env: key('configMapKeyRef', { name: 'none', key: 'k' }) }, 'configmap "none" not found'],
  [{ env: key('secretKeyRef', { name: 'none', key: 'k' }) }, 'secret "none" not found'],
  [
    { env: key('configMapKeyRef', { name: 'settings', key: 'k' }) },
    "couldn't find key k in ConfigMap shop/settings",
  ],
  [
    { env: key('secretKeyRef', { name: 'keys', key: '__proto__' }) },
    "couldn't find key __proto__ in Secret shop/keys",
  ],
  [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
  [{ env: field('status.phase') }, 'unsupported fieldPath: status.phase'],
  [
    {
      env: [{ name: 'X', valueFrom: { resourceFieldRef: { containerName: 'no', resource: 'limits.cpu' } } }],
    },
    'container no not found',
  ],
]

for (const [given, message] of PROBLEMS) {
  test(`says: ${message}`, () => {
    assert.throws(
      () => environment(given),
      (error) => {
        assert.ok(error instanceof PodProblem)
        assert.deepEqual([error.reason, error.message], ['CreateContainerConfigError', message])
        return true
      },
    )
  })
}

test('what is optional may be missing, and then is not set at all', () => {
  const found = environment({
    envFrom: [{ configMapRef: { name: 'none', optional: true } }],
    env: [
      ...key('configMapKeyRef', { name: 'settings', key: 'k', optional: true }),
      ...key('secretKeyRef', { name: 'none', key: 'k', optional: true }),
    ],
  })
  assert.deepEqual(found, {})
})

test('each object that variables come from is asked for once', async () => {
  const container = testContainer({
    envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }],
    env: [
      ...key('configMapKeyRef', { name: 'settings', key: 'k' }),
      ...key('secretKeyRef', { name: 'settings', key: 'k' }),
      { name: 'PLAIN', value: 'x' },
    ],
  })
  assert.deepEqual(envReferences(container), [
    { kind: 'ConfigMap', name: 'settings' },
    { kind: 'Secret', name: 'keys' },
    { kind: 'Secret', name: 'settings' },
  ])
  const asked: string[] = []
  const get = async (kind: string, namespace: string, name: string) => {
    asked.push(`${kind} ${namespace}/${name}`)
    return OBJECTS[`${kind}/${name}`]
  }
  const objects = await loadEnvObjects({ get }, testPod(), container)
  assert.deepEqual(asked, ['ConfigMap shop/settings', 'Secret shop/keys', 'Secret shop/settings'])
  assert.equal(objects('ConfigMap', 'settings'), OBJECTS['ConfigMap/settings'])
  assert.equal(objects('Secret', 'settings'), undefined)
})
