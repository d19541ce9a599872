import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { gateway, route, rule, translated } from '../testing/gateway-api.ts'
import { gatewayChange, routeChange, type StatusChange } from './statuses.ts'

const NOW = Date.UTC(2026, 0, 1)
const LATER = NOW + 60_000
const OUTCOME = { addresses: ['192.0.2.1'], ports: new Map<number, string>() }
const NOTHING = new Map<string, string>()

const told = ({ object, status }: StatusChange): KubeObject => ({ ...object, status })
const conditionsOf = (change: StatusChange) => (change.status as { conditions: Condition[] }).conditions
interface Condition {
  type: string
  status: string
  lastTransitionTime: string
  observedGeneration?: number
  message?: string
}

describe("a Gateway's status", () => {
  const change = (object: KubeObject, now = NOW, outcome = OUTCOME) =>
    gatewayChange(translated([object]).gateways[0]!, { outcome, now })

  it('is written once', () => {
    const first = change(gateway('g'))!
    assert.deepEqual(
      conditionsOf(first).map(({ type, observedGeneration }) => [type, observedGeneration]),
      [
        ['Accepted', 1],
        ['Programmed', 1],
      ],
    )
    assert.equal(change(told(first), LATER), undefined)
  })

  it('names the newest generation, and keeps the time of what stayed', () => {
    const object = told(change(gateway('g'))!)
    const newer: KubeObject = { ...object, metadata: { ...object.metadata, generation: 2 } }
    const [accepted] = conditionsOf(change(newer, LATER)!)
    assert.deepEqual(
      [accepted!.observedGeneration, accepted!.lastTransitionTime],
      [2, '2026-01-01T00:00:00Z'],
    )
    const refused = { ...newer, spec: { ...newer['spec'], addresses: [{ type: 'Hostname', value: 'a' }] } }
    assert.equal(conditionsOf(change(refused, LATER)!)[0]!.lastTransitionTime, '2026-01-01T00:01:00Z')
  })

  it("keeps others' conditions", () => {
    const other = {
      type: 'example.com/Seen',
      status: 'True',
      reason: 'x',
      message: '',
      lastTransitionTime: '2020-01-01T00:00:00Z',
    }
    const object: KubeObject = { ...gateway('g'), status: { conditions: [other] } }
    assert.deepEqual(conditionsOf(change(object)!).at(-1), other)
  })

  it('says which port could not be had in the end', () => {
    const ports = new Map([[80, 'port 80 is in use by another program']])
    const { status } = change(gateway('g', [{}, { port: 8080 }]), NOW, { ...OUTCOME, ports })!
    const { listeners, addresses } = status as {
      listeners: { conditions: Condition[] }[]
      addresses: unknown[]
    }
    assert.deepEqual(
      listeners.map(({ conditions }) => conditions.map(({ status: text }) => text)),
      [
        ['False', 'False', 'True', 'False'],
        ['True', 'False', 'True', 'True'],
      ],
    )
    assert.equal(addresses.length, 1)
  })
})

describe("a route's status", () => {
  const spec = { rules: [rule('web'), rule('other', { matches: [{ path: { value: '/x' } }] })] }
  const change = (object: KubeObject, left = NOTHING, now = NOW) =>
    routeChange(object, translated([gateway('g'), object]).routes[0], { left, now })
  const parents = (one: StatusChange) =>
    one.status['parents'] as { controllerName: string; parentRef: unknown; conditions: Condition[] }[]
  const foreign = { parentRef: { name: 'theirs' }, controllerName: 'other.example/x', conditions: [] }

  it('is written once', () => {
    const first = change(route('HTTPRoute/r', spec))!
    assert.deepEqual(parents(first)[0]!.parentRef, { name: 'g', namespace: 'infra' })
    assert.equal(change(told(first), NOTHING, LATER), undefined)
  })

  it('keeps what other controllers said, and takes back our word when no parent is ours any more', () => {
    const object: KubeObject = { ...route('HTTPRoute/r', spec), status: { parents: [foreign] } }
    const both = change(object)!
    assert.deepEqual(
      parents(both).map(({ controllerName }) => controllerName),
      ['other.example/x', 'brume.dev/gateway'],
    )
    const left = { ...told(both), spec: { ...spec, parentRefs: [{ name: 'theirs' }] } }
    assert.deepEqual(parents(change(left)!), [foreign])
    assert.equal(change({ ...left, status: { parents: [foreign] } }), undefined)
  })

  it('is nothing for a route that was never ours', () => {
    assert.equal(change(route('HTTPRoute/r', { ...spec, parentRefs: [{ name: 'theirs' }] })), undefined)
  })

  it('tells of a rule that the edge could not take in the end, and of no other route', () => {
    const left = new Map([
      ['httproute/team/r/1', 'HAProxy does not take it'],
      ['httproute/team/r2/0', 'another route'],
    ])
    const [parent] = parents(change(route('HTTPRoute/r', spec), left)!)
    assert.deepEqual(
      parent!.conditions.map(({ type, status }) => `${type}=${status}`),
      ['Accepted=True', 'ResolvedRefs=True', 'PartiallyInvalid=True'],
    )
    assert.match(parent!.conditions[2]!.message!, /^Dropped Rule\(s\): rules\[1\]: HAProxy/)
    const both = new Map([...left, ['httproute/team/r/0/port-80', 'nor this']])
    assert.equal(parents(change(route('HTTPRoute/r', spec), both)!)[0]!.conditions[0]!.status, 'False')
  })
})
