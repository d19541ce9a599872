// Whatever the definitions let in becomes a model and conditions: one bad object must not stop the edge for all others.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { Json } from '@brume/api/validate/json'
import { type SeededRandom, seededRandom } from '@brume/base/seeded-random'
import { findExecutable } from '@brume/machine/executables'
import { RealEdge } from '@brume/testkit/real-edge'
import { configOf, MAPS } from '../../haproxy/config.ts'
import { CONFIG } from '../../haproxy/process.ts'
import { translated } from '../../testing/gateway-api.ts'
import { gatewayApiDefinitions } from '../definitions/ensure.ts'
import { gatewayChange, routeChange } from '../statuses.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false

type Schema = Record<string, Json>

const SEED = Number(process.env['BRUME_SEED'] ?? 20_261)
const ROUNDS = 1500
/** Each is read by HAProxy, which takes a while. */
const READ_ROUNDS = 40
const NASTY = [
  '',
  '/',
  '/a',
  '*',
  '*.example',
  'a.example',
  "'",
  '"',
  '%[src]',
  '$HOME',
  '\n',
  '(',
  '.*',
  'g',
  'infra',
  'team',
  '0s',
  '10s',
  'Service',
  'Secret',
  '\u2028',
  '🦎',
  'x'.repeat(300),
]

/** Of every Gateway, beside what chance brings. */
const LISTENERS: object[] = [
  { port: 80, protocol: 'HTTP' },
  { port: 8443, protocol: 'TLS', tls: { mode: 'Passthrough' } },
  { port: 9000, protocol: 'TCP' },
]

function make(schema: Schema, random: SeededRandom): unknown {
  const { pick, chance, below } = random
  if (schema['enum'] !== undefined) return pick(schema['enum'])
  if (schema['default'] !== undefined && chance(0.4)) return structuredClone(schema['default'])
  switch (schema['type']) {
    case 'string':
      return pick(NASTY)
    case 'integer':
      return pick([schema['minimum'] ?? 0, schema['maximum'] ?? 99, 80, 443, 8080])
    case 'array':
      return Array.from({ length: below(4) }, () => make(schema['items'], random))
    case 'object': {
      const object: Record<string, unknown> = {}
      for (const [name, field] of Object.entries<Schema>(schema['properties'] ?? {}))
        if (schema['required']?.includes(name) || chance(0.5)) object[name] = make(field, random)
      return object
    }
  }
  return undefined
}

const KINDS = gatewayApiDefinitions().map(({ spec }) => ({
  kind: spec.names.kind as string,
  schema: spec.versions[0].schema.openAPIV3Schema.properties as Schema,
}))

/** One or two of each kind, which often enough belong together. */
function objectsOf(random: SeededRandom): KubeObject[] {
  return KINDS.flatMap(({ kind, schema }) =>
    Array.from({ length: 1 + random.below(2) }, (_, i): KubeObject => {
      const spec = make(schema['spec'], random) as Record<string, unknown>
      if (kind === 'GatewayClass') spec['controllerName'] = 'brume.dev/gateway'
      if (kind === 'GatewayClass' && random.chance(0.9)) delete spec['parametersRef']
      if (kind === 'Gateway') {
        spec['gatewayClassName'] = 'brume'
        if (random.chance(0.9)) for (const field of ['infrastructure', 'addresses']) delete spec[field]
        spec['listeners'] = [...LISTENERS, ...(spec['listeners'] as object[])].map((listener, at) => ({
          ...listener,
          name: `l${at}`,
        }))
      }
      if (kind.endsWith('Route')) {
        const more = (spec['parentRefs'] ?? []) as object[]
        spec['parentRefs'] = [{ name: 'g0', namespace: 'infra' }, ...more]
      }
      const name = kind === 'GatewayClass' ? 'brume' : `g${i}`
      const status = random.chance(0.2) ? make(schema['status'] ?? {}, random) : undefined
      return {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind,
        metadata: { name, namespace: 'infra', creationTimestamp: '2026-01-01T00:00:00Z', generation: 1 },
        spec,
        ...(status === undefined ? {} : { status }),
      }
    }),
  )
}

describe('the translation', () => {
  it(`never fails, and names each rule once (seed ${SEED})`, () => {
    const random = seededRandom(SEED)
    let served = 0
    for (let round = 0; round < ROUNDS; round++) {
      const { model, gateways, routes } = translated(objectsOf(random))
      for (const one of gateways) gatewayChange(one, { outcome: { addresses: [], ports: new Map() }, now: 0 })
      for (const one of routes) routeChange(one.route, one, { left: new Map(), now: 0 })
      served += model.routes.length + model.streams.length
      const rules = new Map<string, unknown>()
      for (const { rule, ports } of model.routes) {
        assert.ok(rules.get(rule.id) === undefined || rules.get(rule.id) === rule, rule.id)
        rules.set(rule.id, rule)
        assert.ok(ports.every((port) => model.listeners.some((one) => one.port === port)))
      }
      const streams = model.streams.map(({ id }) => id)
      assert.equal(new Set(streams).size, streams.length, streams.join())
    }
    assert.ok(served > ROUNDS, `${served} routes were served at all`)
  })

  describe('as HAProxy reads it', { skip }, () => {
    const edge = new RealEdge()
    after(() => edge.close())

    it(`is taken as a whole (seed ${SEED})`, async () => {
      const random = seededRandom(SEED)
      const given = { dir: edge.dir, identity: undefined, ipv6: false, left: new Map(), seated: new Map() }
      const rest = {
        accessLog: false,
        clients: { connections: 9, proxies: [] },
        certificates: '',
        metrics: undefined,
      }
      for (const name of MAPS) edge.haproxy.write(name, '')
      for (const [name, text] of edge.served(translated([]).model).files) edge.haproxy.write(name, text)
      for (let round = 0; round < READ_ROUNDS; round++) {
        const { model } = translated(objectsOf(random))
        const behind = () => ({ servers: [{ ip: '192.0.2.1', port: 80 }] })
        const { files } = configOf({ ...given, ...rest, model, behind })
        assert.equal(await edge.haproxy.check(files.get(CONFIG)!), undefined, `round ${round}`)
      }
    })
  })
})
