// Files against a real API server, as the user that a node's agent is. The containers are the pod worker's part.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { NODES, PODS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { Informer } from '@brume/client/informer'
import type { Transport } from '@brume/client/transport'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { nodeTransport } from '@brume/testkit/node-user'
import type { Cri } from '../cri/cri.ts'
import { type TestNodeContext, testNodeContext } from '../testing/node-context.ts'
import { type StaticPods, startStaticPods } from './static-pods.ts'

const FILE = (image: string) => `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: "${image}"}]}
`
const KEY = { namespace: 'default', name: 'web-n1' }

describe('static pods', { timeout: 60_000 }, () => {
  let folder: string
  let plane: TestControlPlane
  let transport: Transport
  let informer: Informer
  let context: TestNodeContext
  let keeper: StaticPods

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'brume-static-'))
    plane = await startTestControlPlane()
    transport = await nodeTransport(plane, 'n1')
    const client = new Client({ transport })
    // Nothing here asks the runtime.
    context = testNodeContext({ root: join(folder, 'node'), cri: undefined as unknown as Cri, client })
    const made = await plane.client
      .resource<KubeObject>(NODES)
      .create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } })
    informer = new Informer({
      resource: client.resource(PODS),
      fieldSelector: 'spec.nodeName=n1',
      clock: systemClock,
      random: Math.random,
      logger: silentLogger,
    })
    informer.start()
    await informer.synced()
    keeper = startStaticPods(context, {
      pods: () => informer.store.list(),
      onPod: (fn) => informer.addHandler({ add: fn, update: fn, delete: fn }),
      node: () => made,
    })
  })
  after(async () => {
    await keeper?.stop()
    await informer?.stop()
    transport?.close()
    await plane?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const write = (name: string, text: string) => {
    mkdirSync(context.dirs.manifests, { recursive: true })
    writeFileSync(join(context.dirs.manifests, name), text)
  }
  const pod = () => plane.client.resource<KubeObject>(PODS).get(KEY)
  const gone = () =>
    pod().then(
      () => false,
      (error) => error.reason === 'NotFound',
    )

  it('are in the API as mirrors soon after their file is there', async () => {
    write('web.yaml', FILE('a:1'))
    const found = await eventually('the mirror', pod)
    assert.equal(found.metadata.annotations?.['kubernetes.io/config.source'], 'file')
    assert.equal(found.metadata.ownerReferences?.[0]?.kind, 'Node')
    assert.equal(found['spec'].containers[0].image, 'a:1')
  })

  it('are made anew when their file changes', async () => {
    const before = await pod()
    write('web.yaml', FILE('a:2'))
    const found = await eventually('another mirror', async () => {
      const current = await pod()
      return current.metadata.uid === before.metadata.uid ? undefined : current
    })
    assert.equal(found['spec'].containers[0].image, 'a:2')
  })

  it('come back when somebody deletes the mirror', async () => {
    const before = await pod()
    await plane.client.resource(PODS).delete(KEY, { gracePeriodSeconds: 0 })
    await eventually('another mirror', async () => (await pod()).metadata.uid !== before.metadata.uid)
  })

  it('that the API refuses are told on the node with the reason, once', async () => {
    const secret = '{name: s, secret: {secretName: s}}'
    write('bad.yaml', FILE('a:1').replace('web', 'bad').replace('spec: {', `spec: {volumes: [${secret}], `))
    const said = () => context.events.filter(({ reason }) => reason === 'FailedStaticPod')
    await eventually('the event', () => said().length > 0)
    assert.match(said()[0]!.message, /bad\.yaml does not run: .*a mirror pod may not reference secrets/)
    rmSync(join(context.dirs.manifests, 'bad.yaml'))
  })

  it('go with their file', async () => {
    rmSync(join(context.dirs.manifests, 'web.yaml'))
    await eventually('the end of the mirror', gone)
  })
})
