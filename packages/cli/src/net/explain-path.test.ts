// Each thing that can stop a pod, found in the objects and said; and that nothing is said where nothing stops it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { outcomeOf } from './attempt.ts'
import { pathTo } from './explain-path.ts'
import { targetOf } from './target.ts'
import { verdictOf } from './verdict.ts'
import type { NetworkWorld } from './world.ts'

const READY = [{ type: 'Ready', status: 'True' }]

function object(name: string, namespace: string | undefined, more: object): KubeObject {
  return { apiVersion: 'v1', kind: 'Any', metadata: { name, namespace }, ...more } as unknown as KubeObject
}

function pod(name: string, ip: string, { node = 'one', labels = {}, ready = true } = {}): KubeObject {
  return object(name, 'shop', {
    metadata: { name, namespace: 'shop', labels: { app: name, ...labels } },
    spec: { nodeName: node, containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: { phase: 'Running', podIPs: [{ ip }], conditions: ready ? READY : [] },
  })
}

function slice(service: string, ips: readonly string[]): KubeObject {
  return object(service, 'shop', {
    metadata: { name: service, namespace: 'shop', labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true }, nodeName: 'one' })),
  })
}

const service = (name: string, spec: object = {}) =>
  object(name, 'shop', {
    spec: {
      clusterIP: '10.96.0.9',
      selector: { app: 'b' },
      ports: [{ port: 80, targetPort: 8080 }],
      ...spec,
    },
  })

function policy(name: string, spec: object): KubeObject {
  return object(name, 'shop', { spec })
}

const ONLY_FRIENDS = policy('friends', {
  podSelector: { matchLabels: { app: 'b' } },
  policyTypes: ['Ingress'],
  ingress: [{ from: [{ podSelector: { matchLabels: { role: 'friend' } } }], ports: [{ port: 8080 }] }],
})

function world(more: Partial<NetworkWorld> = {}): NetworkWorld {
  return {
    pods: [pod('a', '10.42.0.2'), pod('b', '10.42.0.3')],
    namespaces: new Map([['shop', object('shop', undefined, {})]]),
    policies: [],
    services: [service('b')],
    slices: [slice('b', ['10.42.0.3'])],
    nodes: [object('one', undefined, { spec: { podCIDR: '10.42.0.0/24' }, status: { conditions: READY } })],
    ...more,
  }
}

function check(to: string, of: NetworkWorld = world()) {
  const target = targetOf(to, { namespace: 'shop', namespaces: new Set(['shop']) })
  return pathTo(of, of.pods[0]!, target)
}

describe('the way from a pod', () => {
  it('is open to a pod, to a Service and by every form of its name', () => {
    for (const to of ['pod/b:8080', 'pod/b:http', 'svc/b:80', 'b:80', 'b.shop:80', 'b.shop.svc:80']) {
      assert.equal(check(to).isOpen, true, to)
    }
    const { sentence, attempt } = check('b.shop.svc.cluster.local:80')
    assert.equal(sentence, 'Service b leads to b:8080, and no policy stops it')
    assert.deepEqual(attempt, { host: '10.96.0.9', port: 80 })
    assert.equal(check('10.96.0.9:80').isOpen, true)
    assert.match(check('example.org:443').sentence, /no name of the cloud/)
  })

  const closed: [string, string, Partial<NetworkWorld>, RegExp][] = [
    ['a name that is unknown', 'c:80', {}, /^the name c\.shop is unknown: there is no such Service$/],
    ['a port that a Service has not', 'svc/b:81', {}, /^Service b has no port 81; it has 80$/],
    [
      'a Service that chooses no pod',
      'svc/b:80',
      { slices: [], pods: [pod('a', '10.42.0.2')] },
      /no pod has its labels \(app=b\)/,
    ],
    [
      'pods that are not ready',
      'svc/b:80',
      { slices: [], pods: [pod('a', '10.42.0.2'), pod('b', '10.42.0.3', { ready: false })] },
      /none of its pods is ready: b \(Running\)/,
    ],
    [
      'a policy of who is asked',
      'svc/b:80',
      { policies: [ONLY_FRIENDS] },
      /^NetworkPolicy shop\/friends of b:8080 does not let a in/,
    ],
    [
      'a policy of who asks',
      'pod/b:8080',
      { policies: [policy('closed', { podSelector: {}, policyTypes: ['Egress'] })] },
      /^NetworkPolicy shop\/closed of a does not let it out to b:8080$/,
    ],
    [
      'a policy that keeps it from names',
      'svc/b:80',
      {
        policies: [
          policy('peers', {
            podSelector: {},
            policyTypes: ['Egress'],
            egress: [{ to: [{ podSelector: {} }] }],
          }),
        ],
      },
      /^NetworkPolicy shop\/peers of a does not let it out to the DNS server \(UDP port 53\)/,
    ],
    [
      "a Service's own traffic policy",
      'svc/b:80',
      {
        services: [service('b', { internalTrafficPolicy: 'Local' })],
        slices: [
          { ...slice('b', []), endpoints: [{ addresses: ['10.42.1.3'], nodeName: 'two' }] } as KubeObject,
        ],
      },
      /internalTrafficPolicy: Local.*none of its pods is on one$/,
    ],
    [
      'a node that does not answer',
      'pod/b:8080',
      {
        pods: [pod('a', '10.42.0.2'), pod('b', '10.42.1.3', { node: 'two' })],
      },
      /^node two, which pod b is on, does not answer/,
    ],
  ]
  for (const [what, to, more, sentence] of closed) {
    it(`is stopped by ${what}`, () => {
      const path = check(to, world(more))
      assert.match(path.sentence, sentence)
      assert.equal(path.isOpen, false)
    })
  }

  it('is open to whom a policy names', () => {
    const pods = [pod('a', '10.42.0.2', { labels: { role: 'friend' } }), pod('b', '10.42.0.3')]
    assert.equal(check('svc/b:80', world({ pods, policies: [ONLY_FRIENDS] })).isOpen, true)
    assert.equal(check('pod/b:8081', world({ pods, policies: [ONLY_FRIENDS] })).isOpen, false)
  })
})

describe('a real try', () => {
  it('has the last word', () => {
    const path = check('svc/b:80')
    assert.match(verdictOf(path, 'refused').sentence, /nobody listens at this port in pod b$/)
    assert.equal(verdictOf(path, 'refused').next, 'kubectl logs b -n shop')
    assert.equal(verdictOf(path, 'connected').reachable, true)
    assert.equal(verdictOf(path, 'silent').reachable, false)
    const stopped = check('svc/b:80', world({ policies: [ONLY_FRIENDS] }))
    assert.match(verdictOf(stopped, 'connected').sentence, /^a connection was made, although NetworkPolicy/)
    assert.equal(verdictOf(path, undefined).reachable, true)
  })

  it('is read from what the tools say', () => {
    assert.equal(outcomeOf('brume:connected\n'), 'connected')
    assert.equal(outcomeOf("nc: can't connect to remote host: Connection refused\n"), 'refused')
    assert.equal(outcomeOf('Terminated\n'), 'silent')
    assert.equal(outcomeOf("nc: bad address 'x'\n"), 'unknown-name')
    assert.deepEqual(outcomeOf('brume:no-tool\n'), { notTried: 'its image has neither bash nor nc' })
  })
})
