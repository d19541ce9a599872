import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { cluster, node, placeOn, pod } from './fixtures.ts'
import { findVictims, type NoVictims, type Victims } from './preemption.ts'
import type { Snapshot } from './snapshot.ts'

const of = (name: string, priority: number, cpu: string, more: object = {}) =>
  pod(name, { requests: { cpu }, labels: { app: name }, spec: { priority, ...more } })

function preempt(snapshot: Snapshot, object: KubeObject, budgets: KubeObject[] = []): Victims | NoVictims {
  const refused = placeOn(snapshot, object)
  assert(refused.node === undefined, 'the pod fits nowhere without preemption')
  return findVictims(refused, snapshot, budgets)
}

function names(victims: Victims | NoVictims): string {
  return victims.node === undefined
    ? victims.message
    : `${victims.node}: ${victims.pods.map((info) => info.name).join(' ')}`
}

const budget = (app: string, disruptionsAllowed: number): KubeObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: app, namespace: 'ns' },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed },
})

describe('preemption', () => {
  it('takes as few pods as possible, the least important', () => {
    const pods = { a: [of('x', 5, '1'), of('y', 1, '1'), of('z', 3, '2')] }
    assert.equal(names(preempt(cluster({ nodes: [node('a')], pods }), of('p', 10, '1'))), 'a: y')
  })

  it('takes the node whose victims matter least', () => {
    const pods = { a: [of('x', 5, '4')], b: [of('y', 4, '4')] }
    assert.equal(names(preempt(cluster({ nodes: [node('a'), node('b')], pods }), of('p', 10, '1'))), 'b: y')
  })

  it('prefers one victim to two of the same priority', () => {
    const pods = { a: [of('x', 1, '2'), of('y', 1, '2')], b: [of('z', 1, '4')] }
    assert.equal(names(preempt(cluster({ nodes: [node('a'), node('b')], pods }), of('p', 10, '4'))), 'b: z')
  })

  it('spares pods that a disruption budget protects, when there is a choice', () => {
    const pods = { a: [of('x', 1, '4')], b: [of('y', 5, '4')] }
    const snapshot = cluster({ nodes: [node('a'), node('b')], pods })
    assert.equal(names(preempt(snapshot, of('p', 10, '1'), [budget('x', 0)])), 'b: y')
    assert.equal(names(preempt(snapshot, of('p', 10, '1'), [budget('x', 1)])), 'a: x')
  })

  it('takes protected pods when there is no other way, and counts them', () => {
    const snapshot = cluster({ nodes: [node('a')], pods: { a: [of('x', 1, '4')] } })
    const victims = preempt(snapshot, of('p', 10, '1'), [budget('x', 0)])
    assert(victims.node !== undefined)
    assert.equal(victims.violations, 1)
  })

  it('never takes pods of the same priority', () => {
    const snapshot = cluster({ nodes: [node('a')], pods: { a: [of('x', 10, '4')] } })
    assert.equal(
      names(preempt(snapshot, of('p', 10, '1'))),
      '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    )
  })

  it('never happens for pods whose policy is Never', () => {
    const snapshot = cluster({ nodes: [node('a')], pods: { a: [of('x', 1, '4')] } })
    const polite = of('p', 10, '1', { preemptionPolicy: 'Never' })
    assert.equal(names(preempt(snapshot, polite)), 'not eligible due to preemptionPolicy=Never.')
  })

  it('does not help where a node is the wrong one or too small', () => {
    const nodes = [node('a', { cordoned: true }), node('b')]
    const snapshot = cluster({ nodes, pods: { a: [of('x', 1, '4')], b: [of('y', 1, '4')] } })
    assert.equal(
      names(preempt(snapshot, of('p', 10, '5'))),
      '0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    )
  })

  it('waits while a victim on the nominated node is still leaving', () => {
    const leaving = of('x', 1, '4')
    leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    const snapshot = cluster({ nodes: [node('a')], pods: { a: [leaving] } })
    const waiting = { ...of('p', 10, '1'), status: { nominatedNodeName: 'a' } }
    assert.equal(
      names(preempt(snapshot, waiting)),
      'not eligible due to a terminating pod on the nominated node.',
    )
  })

  it('leaves the snapshot as it was', () => {
    const pods = { a: [of('x', 5, '1'), of('y', 1, '1'), of('z', 3, '2')] }
    const snapshot = cluster({ nodes: [node('a')], pods })
    preempt(snapshot, of('p', 10, '2'))
    assert.equal(snapshot.resources.column('cpu').requested[0], 4000)
    assert.equal(snapshot.resources.podCount[0], 3)
    assert.equal(snapshot.node('a')!.pods.size, 3)
  })
})
