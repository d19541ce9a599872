import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { createLogger } from '@brume/base/log'
import { NAMESPACES, NETWORK_POLICIES, PODS } from '@brume/client/builtin'
import { type RunningController, runController } from '@brume/client/controller'
import { Informer } from '@brume/client/informer'
import type { ResourceRef } from '@brume/client/resource-ref'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { type NetworkPolicies, networkPolicies } from './policies.ts'

const TABLE = `brume-test-policies-${process.pid}`
const namespace = 'default'

describe('filters before the first packet', { skip: whyNoContainers() ?? false, timeout: 90_000 }, () => {
  const logger = createLogger('error')
  let plane: TestControlPlane
  let policies: Informer
  let filters: NetworkPolicies
  let running: RunningController

  before(async () => {
    plane = await startTestControlPlane()
    const informer = (ref: ResourceRef) =>
      new Informer({
        resource: plane.client.resource(ref),
        clock: systemClock,
        random: Math.random,
        logger,
      })
    policies = informer(NETWORK_POLICIES)
    filters = networkPolicies({
      policies,
      pods: () => informer(PODS),
      namespaces: () => informer(NAMESPACES),
      others: [],
      nodeName: 'n1',
      table: TABLE,
      hasIpv6: false,
      bridge: 'none',
      clock: systemClock,
      logger,
    })
    running = runController(filters.spec, { clock: systemClock, logger })
  })
  after(async () => {
    await running.stop()
    await filters.stop()
    await policies.stop()
    await plane.stop()
    await run(['nft', '-f', '-'], { input: `add table ip ${TABLE}\ndelete table ip ${TABLE}\n` })
  })

  const watched = (uid: string, ips: string[]) => {
    const seen = { done: false, over: Promise.resolve() }
    seen.over = filters.enforced(uid, ips).then(() => {
      seen.done = true
    })
    return seen
  }
  const tell = (name: string, ip: string) =>
    plane.client.resource(PODS).patch(
      { namespace, name },
      {
        type: 'merge',
        subresource: 'status',
        body: { status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] } },
      },
    )
  const filtered = (ip: string) => async () =>
    (await run(['nft', 'list', 'table', 'ip', TABLE]).catch(() => ({ stdout: '' }))).stdout.includes(ip)

  it('are waited for while it is not known whether there are policies', async () => {
    const first = watched('u', ['10.42.0.2'])
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(first.done, false)
    policies.start()
    await first.over
  })

  it('are waited for again when the pod gets another address', async () => {
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] }
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'a' }, spec }
    const { metadata } = await plane.client.resource(PODS).create(pod)
    await tell('a', '10.42.0.2')
    await plane.client.resource(NETWORK_POLICIES).create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name: 'closed' },
      spec: { podSelector: {} },
    })
    await eventually('the first address is filtered', filtered('10.42.0.2'))
    await filters.enforced(metadata.uid!, ['10.42.0.2'])
    const next = watched(metadata.uid!, ['10.42.0.3'])
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(next.done, false)
    await tell('a', '10.42.0.3')
    await next.over
    assert.equal(await filtered('10.42.0.3')(), true)
  })
})
