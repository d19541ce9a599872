import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { seededRandom } from '@brume/base/seeded-random'
import { pod } from '../pod-control/testing.ts'
import { decideEndpoints } from './decide.ts'

const service = (spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'ns', uid: 'web', labels: { tier: 'front' } },
  spec: {
    clusterIP: '10.0.0.1',
    ipFamilies: ['IPv4'],
    selector: { app: 'a' },
    ports: [{ port: 80, targetPort: 8080 }],
    ...spec,
  },
})
const backend = (i: number, options: Parameters<typeof pod>[0] = {}): KubeObject => {
  const made = pod({ name: `p${i}`, ...options })
  return { ...made, status: { ...made['status'], podIP: `10.1.${i >> 8}.${i & 255}` } }
}
const decide = (pods: KubeObject[], spec = {}, endpoints?: KubeObject) =>
  decideEndpoints({ service: service(spec), pods, endpoints }).actions
const subsets = (pods: KubeObject[], spec = {}) => decide(pods, spec)[0]!.endpoints['subsets']
const target = (i: number) => ({ kind: 'Pod', namespace: 'ns', name: `p${i}`, uid: `uid-p${i}` })

describe('endpoints', () => {
  it('puts ready pods and others of the same ports into one subset', () => {
    assert.deepEqual(subsets([backend(2, { readySeconds: -1 }), backend(1)]), [
      {
        addresses: [{ ip: '10.1.0.1', nodeName: 'n1', targetRef: target(1) }],
        notReadyAddresses: [{ ip: '10.1.0.2', nodeName: 'n1', targetRef: target(2) }],
        ports: [{ port: 8080, protocol: 'TCP' }],
      },
    ])
  })

  it('leaves out pods that go, unless all are to be published', () => {
    assert.equal(subsets([backend(1, { leaving: true })]), undefined)
    assert.equal(
      subsets([backend(1, { leaving: true })], { publishNotReadyAddresses: true })[0].addresses.length,
      1,
    )
    assert.equal(
      subsets([backend(1, { readySeconds: -1 })], { publishNotReadyAddresses: true })[0].addresses.length,
      1,
    )
  })

  it('lists the pods of a headless Service without ports', () => {
    const found = subsets([backend(1)], { clusterIP: 'None', ports: undefined })
    assert.deepEqual(found, [{ addresses: [{ ip: '10.1.0.1', nodeName: 'n1', targetRef: target(1) }] }])
  })

  it('leaves out a pod that lacks the named port', () => {
    assert.equal(subsets([backend(1)], { ports: [{ port: 80, targetPort: 'http' }] }), undefined)
  })

  it('keeps a thousand addresses, ready ones first, and says that it left some out', () => {
    const pods = Array.from({ length: 1100 }, (_, i) => backend(i, { readySeconds: i < 950 ? 5 : -1 }))
    const [{ endpoints }] = decide(pods) as unknown as [{ endpoints: KubeObject }]
    const [{ addresses, notReadyAddresses }] = endpoints['subsets']
    assert.deepEqual([addresses.length, notReadyAddresses.length], [950, 50])
    assert.equal(endpoints.metadata.annotations!['endpoints.kubernetes.io/over-capacity'], 'truncated')
  })

  it('never depends on the order of the pods, and always settles', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed)
      const pods = Array.from({ length: random.below(12) }, (_, i) =>
        backend(i, { readySeconds: random.chance(0.5) ? 1 : -1, leaving: random.chance(0.2) }),
      )
      const [{ endpoints }] = decide(pods) as unknown as [{ endpoints: KubeObject }]
      const shuffled = [...pods].sort(() => random.next() - 0.5)
      assert.deepEqual(decide(shuffled, {}, endpoints), [], `seed ${seed}`)
    }
  })
})
