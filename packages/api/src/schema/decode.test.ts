import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_JSON_DEPTH, parseJson, stringifyJson } from '@brume/base/json'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { schemaFor } from './compile.ts'
import { DecodeError, decodeBuiltin } from './decode.ts'

const POD = schemaFor('io.k8s.api.core.v1.Pod')
const DEPLOYMENT = schemaFor('io.k8s.api.apps.v1.Deployment')
const SECRET = schemaFor('io.k8s.api.core.v1.Secret')
const EVENT = schemaFor('io.k8s.api.events.v1.Event')

const decode = (value: unknown, schema = DEPLOYMENT) => decodeBuiltin(value, schema)

function fails(value: unknown, message: string, schema = DEPLOYMENT): void {
  assert.throws(() => decode(value, schema), { name: 'DecodeError', message })
}

test('what was not given shows as Go shows it, in Go order', () => {
  const { value } = decode({
    spec: { template: { spec: { containers: [{ image: 'web', name: 'web' }] } } },
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: 'web' },
  })
  assert.equal(
    stringifyJson(value),
    '{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web","creationTimestamp":null},' +
      '"spec":{"selector":null,"template":{"metadata":{"creationTimestamp":null},' +
      '"spec":{"containers":[{"name":"web","image":"web","resources":{}}]}},"strategy":{}},"status":{}}',
  )
})

test('what comes out goes in and comes out the same', () => {
  const { value } = decode({ metadata: { name: 'a' }, spec: { replicas: 0, paused: false } })
  assert.deepEqual(decode(value).value, value)
})

test('zero values are left out unless a pointer holds them', () => {
  const { value } = decode({
    spec: { replicas: 0, paused: false, minReadySeconds: 0, revisionHistoryLimit: null },
  })
  assert.equal(value.spec.replicas, 0)
  assert.deepEqual(Object.keys(value.spec), ['replicas', 'selector', 'template', 'strategy'])
})

test('empty lists and maps are left out, or null where Go has no omitempty', () => {
  const { value } = decode({ metadata: { labels: {}, finalizers: [] }, spec: { template: { spec: {} } } })
  assert.deepEqual(Object.keys(value.metadata), ['creationTimestamp'])
  assert.equal(value.spec.template.spec.containers, null)
  assert.deepEqual(
    decode({ spec: { template: { spec: { containers: [] } } } }).value.spec.template.spec.containers,
    [],
  )
})

test('unknown fields are dropped and named by path', () => {
  const { value, unknownFields } = decode({
    metadata: { name: 'a', foo: 1 },
    spec: {
      Replicas: 1,
      template: { spec: { containers: [{ name: 'a' }, { imagee: 'x' }] } },
    },
    bar: {},
  })
  assert.deepEqual(unknownFields, [
    'metadata.foo',
    'spec.Replicas',
    'spec.template.spec.containers[1].imagee',
    'bar',
  ])
  assert.equal('bar' in value, false)
})

test('at most a hundred unknown fields are named', () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x${i}`, i]))
  assert.equal(decode(many).unknownFields.length, 100)
})

test('type errors say what Go says', () => {
  const at = (struct: string, path: string) => `into Go struct field ${struct}.${path} of type`
  fails(
    { spec: { replicas: 'x' } },
    `json: cannot unmarshal string ${at('DeploymentSpec', 'spec.replicas')} int32`,
  )
  fails(
    { spec: { replicas: 1.5 } },
    `json: cannot unmarshal number 1.5 ${at('DeploymentSpec', 'spec.replicas')} int32`,
  )
  fails(
    { spec: { replicas: 3000000000 } },
    `json: cannot unmarshal number 3000000000 ${at('DeploymentSpec', 'spec.replicas')} int32`,
  )
  fails(
    { spec: { paused: 'yes' } },
    `json: cannot unmarshal string ${at('DeploymentSpec', 'spec.paused')} bool`,
  )
  fails({ spec: [] }, `json: cannot unmarshal array ${at('Deployment', 'spec')} v1.DeploymentSpec`)
  fails(
    { metadata: { labels: { a: 1 } } },
    `json: cannot unmarshal number ${at('ObjectMeta', 'metadata.labels')} string`,
  )
  fails(
    { metadata: { labels: 'x' } },
    `json: cannot unmarshal string ${at('ObjectMeta', 'metadata.labels')} map[string]string`,
  )
  fails(
    { spec: { template: { spec: { containers: {} } } } },
    `json: cannot unmarshal object ${at('PodSpec', 'spec.template.spec.containers')} []v1.Container`,
  )
  fails(
    { spec: { template: { spec: { containers: [{ ports: [{ protocol: 5 }] }] } } } },
    `json: cannot unmarshal number ${at('ContainerPort', 'spec.template.spec.containers.ports.protocol')} v1.Protocol`,
  )
  fails(
    { spec: { strategy: { rollingUpdate: { maxSurge: true } } } },
    `json: cannot unmarshal bool ${at('RollingUpdateDeployment', 'spec.strategy.rollingUpdate.maxSurge')} int32`,
  )
  fails('x', 'json: cannot unmarshal string into Go value of type v1.Deployment')
  fails([], 'json: cannot unmarshal array into Go value of type v1.Deployment')
})

test('the first type error is reported; what a type itself refuses comes before all', () => {
  fails(
    { spec: { replicas: 'x', paused: 1 } },
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  )
  fails(
    { spec: { replicas: 'x', template: { metadata: { creationTimestamp: 'x' } } } },
    'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
  )
})

test('int64 takes long integers exactly and refuses longer ones', () => {
  const long = { metadata: { generation: 9223372036854775807n } }
  assert.equal(decode(long).value.metadata.generation, 9223372036854775807n)
  fails(
    { metadata: { generation: 9223372036854775808n } },
    'json: cannot unmarshal number 9223372036854775808 into Go struct field ObjectMeta.metadata.generation of type int64',
  )
})

test('quantities are canonical, whether texts or numbers', () => {
  const limits = { memory: '1024Mi', cpu: 0.5, 'ephemeral-storage': ' 1Gi ' }
  const { value } = decode({ spec: { containers: [{ resources: { limits } }] } }, POD)
  assert.deepEqual(value.spec.containers[0].resources.limits, {
    cpu: '500m',
    'ephemeral-storage': '1Gi',
    memory: '1Gi',
  })
})

test('a bad quantity is refused in the words of Go', () => {
  const limit = (cpu: unknown) => ({ spec: { containers: [{ resources: { limits: { cpu } } }] } })
  const form = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
  fails(limit('x'), form, POD)
  fails(limit(''), form, POD)
  fails(limit(true), form, POD)
  fails(limit('1kk'), "unable to parse quantity's suffix", POD)
})

test('times are normalized, null is the zero time', () => {
  const { value } = decode({
    metadata: { creationTimestamp: '2024-01-01T00:00:00+02:00', deletionTimestamp: null },
  })
  assert.equal(value.metadata.creationTimestamp, '2023-12-31T22:00:00Z')
  assert.equal('deletionTimestamp' in value.metadata, false)
  fails(
    { metadata: { creationTimestamp: 5 } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
  )
  const event = decode({ eventTime: '2024-01-01T00:00:00.123456Z' }, EVENT).value
  assert.equal(event.eventTime, '2024-01-01T00:00:00.123456Z')
})

test('bytes are base64, written without line breaks', () => {
  const data = (text: unknown) => ({ data: { key: text } })
  assert.deepEqual(decode(data('aGVs\nbG8='), SECRET).value.data, { key: 'aGVsbG8=' })
  assert.deepEqual(decode(data(null), SECRET).value.data, { key: null })
  fails(data('!'), 'illegal base64 data at input byte 0', SECRET)
  fails(data('aGVsbG8'), 'illegal base64 data at input byte 4', SECRET)
  fails(data('aGVs=bG8'), 'illegal base64 data at input byte 4', SECRET)
  fails(data('aG=s'), 'illegal base64 data at input byte 3', SECRET)
  fails(data(5), 'json: cannot unmarshal number into Go struct field Secret.data of type []uint8', SECRET)
})

test('maps are sorted, and __proto__ is a key like any other', () => {
  const { value } = parseJson('{"metadata":{"labels":{"b":"2","__proto__":"x","a":"1"}}}')
  const labels = decode(value).value.metadata.labels!
  assert.deepEqual(Object.keys(labels), ['__proto__', 'a', 'b'])
  assert.equal(Object.getPrototypeOf(labels), Object.prototype)
  assert.deepEqual(decode(parseJson('{"__proto__":{"a":1},"spec":{"constructor":1}}').value).unknownFields, [
    '__proto__',
    'spec.constructor',
  ])
})

test('null in a list is the zero value', () => {
  const { value } = decode({ spec: { containers: [null], tolerations: [null], imagePullSecrets: null } }, POD)
  assert.deepEqual(value.spec.containers, [{ name: '', resources: {} }])
  assert.deepEqual(value.spec.tolerations, [{}])
})

test('the deepest document that the parser lets through is no danger to the stack', () => {
  const depth = MAX_JSON_DEPTH - 10
  const text = `{"spec":{"versions":[{"schema":{"openAPIV3Schema":${'{"not":'.repeat(depth - 4)}{}${'}'.repeat(depth - 4)}}}]}}`
  const crd = schemaFor('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition')
  const { value } = decode(parseJson(text).value, crd)
  assert.equal(stringifyJson(value).split('"not"').length, depth - 3)
})

test('the input is left as it was', () => {
  const input = { spec: { containers: [{ resources: { limits: { cpu: '0.5' } } }], x: 1 } }
  const before = structuredClone(input)
  decode(input, POD)
  assert.deepEqual(input, before)
})

test('fuzz: mutated and random documents give a stable object or a DecodeError', () => {
  const random = seededRandom(9)
  const seed = JSON.stringify({
    metadata: { name: 'a', labels: { a: 'b' }, creationTimestamp: '2024-01-01T00:00:00Z', generation: 5 },
    spec: {
      replicas: 1,
      template: { spec: { containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }] } },
    },
  })
  const values = [
    'null',
    '1',
    '-1.5',
    '"x"',
    '[]',
    '{}',
    'true',
    '[null]',
    '{"a":null}',
    '1e30',
    '99999999999999999999',
  ]
  for (let i = 0; i < 6000; i++) {
    const replaced = seed.replace(/"[^"]*"(?=[,}])|\d+(?=[,}])/g, (text) =>
      random.below(6) === 0 ? random.pick(values) : text,
    )
    let value: unknown
    try {
      value = parseJson(random.below(2) === 0 ? replaced : mutateBytes(Buffer.from(replaced), random)).value
    } catch {
      continue
    }
    try {
      const decoded = decode(value).value
      assert.deepEqual(decode(decoded).value, decoded)
    } catch (error) {
      assert.ok(error instanceof DecodeError, `${replaced}: ${(error as Error).stack}`)
    }
  }
})
