import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { type Clock, systemClock } from '@brume/base/clock'
import { LEASES, NODES } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import type { Transport } from '@brume/client/transport'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { nodeTransport } from '@brume/testkit/node-user'
import { type TestNodeContext, testNodeContext } from '../testing/node-context.ts'
import { type ScriptedRuntime, startScriptedRuntime } from '../testing/scripted-runtime.ts'
import { AGENT_ANNOTATION } from './claim.ts'
import { type Registration, type RegistrationOptions, startRegistration } from './registration.ts'

/** Waits are a fifth of what they are. */
let clockIsAheadMs = 0
const HASTY: Clock = {
  now: () => systemClock.now() + clockIsAheadMs,
  after: (delayMs, fn) => systemClock.after(delayMs / 5, fn),
}
const LEASE = { namespace: 'kube-node-lease', name: 'n1' }

describe('a node that registers', { timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let runtime: ScriptedRuntime
  let folder: string
  let transport: Transport
  let context: TestNodeContext
  let registration: Registration
  let problem: string | undefined
  let looks = 0

  const contextIn = (name: string) => {
    const client = new Client({ transport })
    return testNodeContext({ root: join(folder, name), cri: runtime.cri, client, clock: HASTY })
  }
  const start = (of: TestNodeContext, options: Partial<RegistrationOptions> = {}) =>
    startRegistration(of, { kubeletPort: 10250, onRefused: assert.fail, ...options })
  const node = (): Promise<KubeObject> => plane.client.resource(NODES).get({ name: 'n1' })
  const ready = async () =>
    (await node())['status'].conditions.find(({ type }: { type: string }) => type === 'Ready')
  const said = (reason: string) => context.events.filter((event) => event.reason === reason)

  const countingLooks = () => {
    looks++
    return {}
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'brume-registration-'))
    ;[plane, runtime] = await Promise.all([
      startTestControlPlane(),
      startScriptedRuntime({ ListImages: countingLooks }),
    ])
    transport = await nodeTransport(plane, 'n1')
    context = contextIn('node')
    registration = start(context, {
      labels: { 'brume.dev/group': 'web' },
      problems: () => (problem === undefined ? [] : [problem]),
    })
  })
  after(async () => {
    await registration?.stop()
    transport?.close()
    await Promise.all([plane?.stop(), runtime?.stop()])
    rmSync(folder, { recursive: true, force: true })
  })

  it('is there with its group, ready, and says what it runs on', async () => {
    await registration.registered
    const found = await node()
    assert.equal(found.metadata.labels?.['brume.dev/group'], 'web')
    assert.equal(found['status'].nodeInfo.containerRuntimeVersion, 'scripted://1.0.0')
    assert.match(found['status'].nodeInfo.kubeletVersion, /^v1\.32\.\d+\+brume/)
    assert.equal(found['status'].daemonEndpoints.kubeletEndpoint.Port, 10250)
    assert.equal((await ready()).status, 'True')
  })

  it('writes its status once, and then nothing while nothing changes', async () => {
    await registration.registered
    const before = (await node()).metadata.resourceVersion
    const from = looks
    await eventually('three more looks', () => {
      registration.refresh()
      return looks >= from + 3
    })
    assert.equal((await node()).metadata.resourceVersion, before)
  })
  it('holds a lease that names it, and that goes with the Node', async () => {
    const lease = await eventually('a lease that is owned', async () => {
      const found = await plane.client.resource(LEASES).get(LEASE)
      return found.metadata.ownerReferences === undefined ? undefined : found
    })
    assert.equal(lease['spec'].holderIdentity, 'n1')
    assert.equal(lease['spec'].leaseDurationSeconds, 40)
    assert.equal(lease.metadata.ownerReferences?.[0]?.uid, (await node()).metadata.uid)
  })

  it('is not ready while it is told of a problem, and says which', async () => {
    problem = 'the disk of the node is read-only'
    registration.refresh()
    await eventually('the condition', async () => (await ready()).message === problem)
    assert.equal(said('NodeNotReady').length, 1)
    problem = undefined
    registration.refresh()
    await eventually('ready again', async () => (await ready()).status === 'True')
  })

  it('says that the runtime is down when it stays away, and is ready when it is back', async () => {
    runtime.kill()
    registration.refresh()
    await eventually('the condition', async () => /^container runtime is down/.test((await ready()).message))
    await runtime.revive()
    await eventually('ready again', async () => (await ready()).status === 'True')
  })

  it('notices that the clock was set, says so, and stays ready by the new time', async () => {
    clockIsAheadMs = 3_600_000
    registration.refresh()
    await eventually('the event', () => said('ClockJumped').length === 1)
    assert.match(said('ClockJumped')[0]!.message, /^The clock of this machine jumped forward by 1h0m0s\./)
    const isNew = (time: string) => Date.parse(time) > systemClock.now() + 3_000_000
    await eventually('a report', async () => isNew((await ready()).lastHeartbeatTime))
    assert.equal((await ready()).status, 'True')
    await eventually('a renewal', async () =>
      isNew((await plane.client.resource<KubeObject>(LEASES).get(LEASE))['spec'].renewTime),
    )
    clockIsAheadMs = 0
    registration.refresh()
    await eventually('the event', () => said('ClockJumped').length === 2)
    await eventually('a report', async () => !isNew((await ready()).lastHeartbeatTime))
  })

  it('is heard of again when the API server was away', async () => {
    await plane.restart()
    const revision = async () =>
      (await plane.client.resource<KubeObject>(LEASES).get(LEASE)).metadata.resourceVersion
    const before = await revision()
    await eventually('a renewal', async () => (await revision()) !== before)
    problem = 'the disk of the node is slow'
    registration.refresh()
    await eventually('the condition', async () => (await ready()).message === problem)
    problem = undefined
    registration.refresh()
    await eventually('ready again', async () => (await ready()).status === 'True')
  })

  it('is created again when somebody deletes it', async () => {
    const { uid } = (await node()).metadata
    await plane.client.resource(NODES).delete({ name: 'n1' })
    await eventually('another Node, ready', async () => {
      return (await node()).metadata.uid !== uid && (await ready()).status === 'True'
    })
  })

  it('goes on after a restart of the agent, and refuses a second agent in another directory', async () => {
    await registration.stop()
    const again = contextIn('node')
    registration = start(again)
    await registration.registered
    let other: Registration | undefined
    const message = await new Promise<string>((resolve) => {
      other = start(contextIn('other'), { onRefused: resolve })
      void other.registered.then(() => resolve('registered'))
    })
    assert.equal(await other?.held, false)
    assert.equal(await registration.held, true)
    assert.match(message, /node "n1" is served by another agent/)
    const lease = await plane.client.resource(LEASES).get(LEASE)
    assert.match(lease.metadata.annotations![AGENT_ANNOTATION]!, /^[0-9a-f-]{36}\//)
  })

  it('steps back when another agent has taken its place', async () => {
    await registration.stop()
    const refused = Promise.withResolvers<string>()
    registration = start(contextIn('node'), { onRefused: refused.resolve })
    await registration.registered
    const leases = plane.client.resource(LEASES)
    await eventually('the other one wins a race', async () => {
      const lease = await leases.get(LEASE)
      const annotations = { [AGENT_ANNOTATION]: 'thief/b/1/1' }
      await leases.update({ ...lease, metadata: { ...lease.metadata, annotations } })
      return true
    })
    assert.match(await refused.promise, /served by another agent \(thief\)/)
  })
})
