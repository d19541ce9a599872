import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { MetricValues } from './metric-apis.ts'
import { externalProposal, objectProposal, podsProposal, type ValueProposal } from './value-proposals.ts'

const NOW = Date.parse('2026-01-01T12:00:00Z')
const NAMES = ['a', 'b', 'c', 'd']

const pod = (name: string, status: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns' },
  spec: { containers: [{ name: 'main' }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], ...status },
})
const value = (amount: string, name?: string) =>
  ({ describedObject: { name }, timestamp: '2026-01-01T12:00:00Z', value: amount }) as unknown as KubeObject
const items = (...amounts: string[]): MetricValues => ({
  items: amounts.map((amount, i) => value(amount, NAMES[i])),
})
const of = (
  values: MetricValues,
  currentReplicas = 2,
  pods = NAMES.slice(0, currentReplicas).map((name) => pod(name)),
) => ({
  values,
  pods,
  namespace: 'ns',
  currentReplicas,
  now: NOW,
})
const replicas = (proposal: ValueProposal) => ('error' in proposal ? proposal.error : proposal.replicas)
const metric = { name: 'rps' }
const service = { apiVersion: 'v1', kind: 'Service', name: 'web' }
const perPods = (averageValue: string) => ({
  pods: { metric, target: { type: 'AverageValue', averageValue } },
})
const perObject = (target: object) => ({ object: { metric, target, describedObject: service } })
const outside = (target: object, more: object = {}) => ({
  external: { metric: { ...metric, ...more }, target },
})

describe('a metric of the pods', () => {
  it('asks for as many as bring the average to the target, and is told as it is', () => {
    const proposal = podsProposal(perPods('10'), of(items('20', '10500m')))
    assert.deepEqual(proposal, {
      replicas: 4,
      metric: 'pods metric rps',
      status: { type: 'Pods', pods: { metric, current: { averageValue: '15250m' } } },
    })
    assert.equal(replicas(podsProposal(perPods('10'), of(items('10', '10500m')))), 2)
  })

  it('takes a pod without a value for idle when there may be more, and for at the target when there may be fewer', () => {
    assert.equal(replicas(podsProposal(perPods('10'), of(items('30', '30'), 3))), 6)
    assert.equal(replicas(podsProposal(perPods('10'), of(items('1', '1'), 3))), 2)
  })

  it('leaves pods that are not there yet out', () => {
    const pods = [pod('a'), pod('b', { phase: 'Pending' })]
    assert.equal(replicas(podsProposal(perPods('10'), of(items('15'), 2, pods))), 2)
  })
})

describe('a metric of an object', () => {
  it('is held against a whole target by the pods that serve, or shared among all', () => {
    const whole = perObject({ type: 'Value', value: '10' })
    assert.equal(replicas(objectProposal(whole, of(items('30')))), 6)
    const unready = { conditions: [{ type: 'Ready', status: 'False' }] }
    assert.equal(replicas(objectProposal(whole, of(items('30'), 2, [pod('a'), pod('b', unready)]))), 3)
    assert.equal(replicas(objectProposal(whole, of(items('10500m')))), 2)
    const shared = objectProposal(perObject({ type: 'AverageValue', averageValue: '10' }), of(items('35')))
    assert.deepEqual(shared, {
      replicas: 4,
      metric: 'Service metric rps',
      status: {
        type: 'Object',
        object: { metric, describedObject: service, current: { averageValue: '17500m' } },
      },
    })
  })
})

describe('a metric from outside', () => {
  it('is the sum of what is found, whole or shared', () => {
    const shared = outside({ type: 'AverageValue', averageValue: '10' })
    assert.equal(replicas(externalProposal(shared, of(items('20', '15')))), 4)
    const whole = externalProposal(outside({ type: 'Value', value: '10' }), of(items('20', '15')))
    assert.equal(replicas(whole), 7)
    assert.deepEqual('status' in whole && whole.status.external.current, { value: '35' })
  })

  it('brings pods back from none', () => {
    const shared = outside({ type: 'AverageValue', averageValue: '10' })
    assert.equal(replicas(externalProposal(shared, of(items('25'), 0))), 3)
    assert.equal(replicas(externalProposal(outside({ type: 'Value', value: '10' }), of(items('25'), 0))), 3)
  })
})

describe('a metric that cannot be had', () => {
  it("is told in Kubernetes' words, whose it is", () => {
    const none = of({ error: 'why' })
    const selector = { matchLabels: { queue: 'q' } }
    const target = { averageValue: '1' }
    assert.equal(replicas(podsProposal(perPods('1'), none)), 'unable to get metric rps: why')
    assert.equal(
      replicas(objectProposal(perObject(target), none)),
      'unable to get metric rps: Service on ns web/why',
    )
    assert.equal(
      replicas(externalProposal(outside(target, { selector }), none)),
      'unable to get external metric ns/rps/&LabelSelector{MatchLabels:map[string]string{queue: q,},MatchExpressions:[]LabelSelectorRequirement{},}: why',
    )
    assert.equal(
      replicas(objectProposal(perObject({}), of(items('1')))),
      'invalid object metric source: neither a value target nor an average value target was set',
    )
  })
})
