// Each thing that can stop a pod, found in the objects and said; and that nothing is said where nothing stops it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { outcomeOf } from './attempt.ts'
import { pathsTo } from './explain-path.ts'
import { targetOf } from './target.ts'
import { together, verdictOf } from './verdict.ts'
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
  const [first, ...more] = pathsTo(of, of.pods[0]!, target)
  assert.deepEqual(more, [])
  return first!.path
}

/** What is said of both families. */
function checkBoth(to: string, of: NetworkWorld) {
  const target = targetOf(to, { namespace: 'shop', namespaces: new Set(['shop']) })
  const paths = pathsTo(of, of.pods[0]!, target)
  const verdict = together(paths.map(({ family, path }) => ({ family, verdict: verdictOf(path, undefined) })))
  return { verdict, attempts: paths.map(({ path }) => path.attempt?.host) }
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

describe('the way from a pod with both families', () => {
  const both = (name: string, ip: string, ip6: string, more: object = {}) => {
    const one = pod(name, ip, more)
    return { ...one, status: { ...one['status'], podIPs: [{ ip }, { ip: ip6 }] } } as KubeObject
  }
  const dual = { ipFamilies: ['IPv4', 'IPv6'], clusterIPs: ['10.96.0.9', 'fd00::96:9'] }
  const slice6 = { ...slice('b', ['fd00::3']), addressType: 'IPv6' } as KubeObject
  const of = (more: Partial<NetworkWorld> = {}) =>
    world({
      pods: [both('a', '10.42.0.2', 'fd00::2'), both('b', '10.42.0.3', 'fd00::3')],
      services: [service('b', dual)],
      slices: [slice('b', ['10.42.0.3']), slice6],
      ...more,
    })
  const blocks = (...cidrs: string[]) =>
    policy('blocks', {
      podSelector: { matchLabels: { app: 'b' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: cidrs.map((cidr) => ({ ipBlock: { cidr } })) }],
    })

  it('is looked at by each that both ends have, and said once where nothing differs', () => {
    assert.deepEqual(checkBoth('svc/b:80', of()), {
      verdict: { reachable: true, sentence: 'Service b leads to b:8080, and no policy stops it' },
      attempts: ['10.96.0.9', 'fd00::96:9'],
    })
    assert.deepEqual(checkBoth('pod/b:8080', of()).attempts, ['10.42.0.3', 'fd00::3'])
    assert.deepEqual(checkBoth('svc/b:80', of({ services: [service('b')] })).attempts, ['10.96.0.9'])
    const headless = service('b', { ...dual, clusterIP: 'None', clusterIPs: ['None'] })
    assert.deepEqual(checkBoth('svc/b:80', of({ services: [headless] })).attempts, ['10.42.0.3', 'fd00::3'])
  })

  it('is not there where one of them is stopped, which is named', () => {
    const { verdict } = checkBoth('svc/b:80', of({ policies: [blocks('10.42.0.0/16')] }))
    assert.deepEqual(verdict, {
      reachable: false,
      sentence:
        'by IPv4: Service b leads to b:8080, and no policy stops it; by IPv6: NetworkPolicy shop/blocks of b:8080 does not let a in at this port',
      next: 'kubectl describe networkpolicy blocks -n shop',
    })
    assert.equal(
      checkBoth('svc/b:80', of({ policies: [blocks('10.42.0.0/16', 'fd00::/64')] })).verdict.reachable,
      true,
    )
    const noSlice = checkBoth('svc/b:80', of({ slices: [slice('b', ['10.42.0.3'])] })).verdict
    assert.match(noSlice.sentence, /^by IPv4: .*; by IPv6: .*connections are refused$/)
  })

  it('is that of an address, in brackets with IPv6', () => {
    assert.deepEqual(checkBoth('[fd00::96:9]:80', of()).attempts, ['fd00::96:9'])
    assert.match(checkBoth('[fd00:0:0::3]:8080', of()).verdict.sentence, /^no policy stops it/)
    assert.match(
      checkBoth('[2001:db8::1]:443', of()).verdict.sentence,
      /^2001:db8::1 is no address of the cloud/,
    )
    const out = policy('in', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
    })
    assert.equal(checkBoth('203.0.113.1:443', of({ policies: [out] })).verdict.reachable, true)
    const stopped = checkBoth('[2001:db8::1]:443', of({ policies: [out] })).verdict
    assert.equal(stopped.sentence, 'NetworkPolicy shop/in of a does not let it out to [2001:db8::1]:443')
  })

  it('needs a family that both have', () => {
    const alone = of({
      pods: [pod('a', '10.42.0.2'), both('b', '10.42.0.3', 'fd00::3')],
      services: [service('b', { ipFamilies: ['IPv6'], clusterIP: 'fd00::96:9', clusterIPs: ['fd00::96:9'] })],
    })
    const { verdict, attempts } = checkBoth('svc/b:80', alone)
    assert.equal(verdict.sentence, 'pod a has no IPv6 address, and there is no other way')
    assert.deepEqual([verdict.reachable, attempts], [false, [undefined]])
    assert.deepEqual(checkBoth('pod/b:8080', alone).attempts, ['10.42.0.3'])
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
