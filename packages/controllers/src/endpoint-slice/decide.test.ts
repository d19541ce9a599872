import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { type SeededRandom, seededRandom } from '@brume/base/seeded-random'
import { pod } from '../pod-control/testing.ts'
import { decideSlices, type ObservedService } from './decide.ts'
import { MAX_ENDPOINTS, type SliceAction } from './pack.ts'

const service = (spec: object = {}, labels = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'ns', uid: 'web', labels },
  spec: {
    clusterIP: '10.0.0.1',
    ipFamilies: ['IPv4'],
    selector: { app: 'a' },
    ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    ...spec,
  },
})
const nodes = new Map([
  [
    'n1',
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } },
    },
  ],
])

function backend(i: number, options: Parameters<typeof pod>[0] = {}, port = 8080): KubeObject {
  const made = pod({ name: `p${i}`, ...options })
  const ip = `10.1.${Math.floor(i / 250)}.${i % 250}`
  return {
    ...made,
    spec: {
      ...made['spec'],
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }] }],
    },
    status: { ...made['status'], podIP: ip, podIPs: [{ ip }] },
  }
}

const decide = (observed: Partial<ObservedService>) =>
  decideSlices({ service: service(), pods: [], nodes, slices: [], ...observed }).actions

/** The slices after the actions, as a server would keep them. */
function applied(slices: readonly KubeObject[], actions: readonly SliceAction[]): KubeObject[] {
  const result = new Map(slices.map((slice) => [slice.metadata.name!, slice]))
  let next = slices.length
  for (const { type, slice } of actions) {
    if (type === 'delete') result.delete(slice.metadata.name!)
    else if (type === 'update') result.set(slice.metadata.name!, slice)
    else {
      while (result.has(`web-${next}`)) next++
      result.set(`web-${next}`, { ...slice, metadata: { ...slice.metadata, name: `web-${next}` } })
    }
  }
  return [...result.values()]
}
const conditionsOf = (options: Parameters<typeof pod>[0], spec = {}) => {
  const [action] = decide({ service: service(spec), pods: [backend(1, options)] })
  return action!.slice['endpoints'][0]?.conditions
}

describe('endpoint slices', () => {
  it('describes a ready pod with its node, zone and target', () => {
    const [action] = decide({ pods: [backend(1)], service: service({}, { tier: 'front' }) })
    assert.equal(action!.type, 'create')
    const { metadata, addressType, ports, endpoints } = action!.slice
    assert.equal(addressType, 'IPv4')
    assert.deepEqual(ports, [{ name: 'http', port: 8080, protocol: 'TCP' }])
    assert.deepEqual(endpoints, [
      {
        addresses: ['10.1.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'n1',
        zone: 'z1',
        targetRef: { kind: 'Pod', namespace: 'ns', name: 'p1', uid: 'uid-p1' },
      },
    ])
    assert.equal(metadata.generateName, 'web-')
    assert.deepEqual(metadata.labels, {
      tier: 'front',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    })
    assert.deepEqual(metadata.ownerReferences, [
      {
        apiVersion: 'v1',
        kind: 'Service',
        name: 'web',
        uid: 'web',
        controller: true,
        blockOwnerDeletion: true,
      },
    ])
  })

  it('tells ready, serving and terminating apart', () => {
    assert.deepEqual(conditionsOf({ readySeconds: -1 }), { ready: false, serving: false, terminating: false })
    assert.deepEqual(conditionsOf({ leaving: true }), { ready: false, serving: true, terminating: true })
    const all = { publishNotReadyAddresses: true }
    assert.deepEqual(conditionsOf({ readySeconds: -1 }, all), {
      ready: true,
      serving: false,
      terminating: false,
    })
  })

  it('leaves out pods that ended, have no address, or are on a node that is not there', () => {
    assert.equal(conditionsOf({ phase: 'Succeeded' }), undefined)
    assert.equal(conditionsOf({ node: 'lost' }), undefined)
    assert.notEqual(conditionsOf({ node: 'lost' }, { publishNotReadyAddresses: true }), undefined)
    assert.deepEqual(decide({ pods: [pod()] })[0]!.slice['endpoints'], [])
  })

  it('marks the slices of a headless Service, and names its pods', () => {
    const named = backend(1)
    const spec = { ...named['spec'], hostname: 'db-0', subdomain: 'web' }
    const [action] = decide({
      service: service({ clusterIP: 'None', ports: [] }),
      pods: [{ ...named, spec }],
    })
    assert.equal(action!.slice.metadata.labels!['service.kubernetes.io/headless'], '')
    assert.equal(action!.slice['endpoints'][0].hostname, 'db-0')
    assert.deepEqual(action!.slice['ports'], [])
  })

  it('gives pods whose port of that name differs slices of their own', () => {
    const actions = decide({ pods: [backend(1), backend(2, {}, 9090)] })
    assert.deepEqual(actions.map(({ slice }) => slice['ports'][0].port).sort(), [8080, 9090])
  })

  it('keeps one empty slice while there are no pods', () => {
    const actions = decide({})
    assert.equal(actions.length, 1)
    const slices = applied([], actions)
    assert.deepEqual(decide({ slices }), [])
    const [first] = applied(slices, decide({ slices, pods: [backend(1)] }))
    assert.equal(first!['endpoints'].length, 1)
  })

  it('changes one slice for one pod, whatever the number of slices', () => {
    const pods = Array.from({ length: 250 }, (_, i) => backend(i))
    const slices = applied([], decide({ pods }))
    assert.deepEqual(slices.map((slice) => slice['endpoints'].length).sort(), [100, 100, 50])
    const more = decide({ slices, pods: [...pods, backend(250)] })
    assert.deepEqual(
      more.map(({ type, slice }) => [type, slice['endpoints'].length]),
      [['update', 51]],
    )
    const fewer = decide({ slices, pods: pods.slice(1) })
    assert.deepEqual(
      fewer.map(({ type }) => type),
      ['update'],
    )
  })

  it('hints at the own zone when traffic is to stay close', () => {
    const [action] = decide({ service: service({ trafficDistribution: 'PreferClose' }), pods: [backend(1)] })
    assert.deepEqual(action!.slice['endpoints'][0].hints, { forZones: [{ name: 'z1' }] })
  })

  it('never doubles, loses or overfills, and always settles', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed)
      let slices: KubeObject[] = []
      for (let round = 0; round < 6; round++) {
        const pods = somePods(random)
        slices = applied(slices, decide({ slices, pods }))
        const listed = slices.flatMap((slice) =>
          slice['endpoints'].map((e: { targetRef: { name: string } }) => e.targetRef.name),
        )
        assert.deepEqual(listed.sort(), pods.map(({ metadata }) => metadata.name).sort(), `seed ${seed}`)
        assert.ok(
          slices.every((slice) => slice['endpoints'].length <= MAX_ENDPOINTS),
          `seed ${seed}`,
        )
        assert.ok(slices.length > 0, `seed ${seed}`)
        assert.deepEqual(decide({ slices, pods }), [], `seed ${seed}`)
      }
    }
  })
})

function somePods(random: SeededRandom): KubeObject[] {
  const size = random.pick([0, 5, 120, 260])
  const from = random.below(100)
  return Array.from({ length: size }, (_, i) =>
    backend(from + i, { readySeconds: random.chance(0.2) ? -1 : 5 }, random.chance(0.1) ? 9090 : 8080),
  )
}
