import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { SERVICES } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { Informer } from '@brume/client/informer'
import { fakeClock } from '@brume/client/testing/fake-clock'
import { jsonResponse, ScriptedTransport, statusResponse } from '@brume/client/testing/scripted-transport'
import { SETTINGS, testContainer, testPod } from '../containers/testing.ts'
import type { Pod } from '../contract.ts'
import { connectCri } from '../cri/cri.ts'
import { RuntimeViews } from '../pods/runtime-view.ts'
import { testNodeContext } from '../testing/node-context.ts'
import { WatchedObjects } from '../volumes/object-source.ts'
import { NodeVolumes } from '../volumes/pod-volumes.ts'
import { podParts } from './pod-parts.ts'

const kubernetes = {
  metadata: { name: 'kubernetes', namespace: 'default', uid: 's', resourceVersion: '1' },
  spec: { clusterIP: '10.96.0.1', ports: [{ port: 443 }] },
}

/** Parts of a node whose API server answers only when it is `reachable`. */
function parts(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'brume-parts-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const clock = fakeClock()
  const state = { reachable: false }
  const transport = new ScriptedTransport(({ parameters }) => {
    if (!state.reachable) return statusResponse(503, 'ServiceUnavailable')
    if (parameters.get('watch') === 'true') return statusResponse(400, 'BadRequest')
    return jsonResponse(200, { metadata: { resourceVersion: '1' }, items: [kubernetes] })
  })
  const client = new Client({ transport, clock })
  const cri = connectCri(join(root, 'none.sock'))
  t.after(() => cri.close())
  const context = testNodeContext({ root, cri, client, clock })
  const services = new Informer({
    resource: client.resource(SERVICES),
    clock,
    random: () => 0,
    logger: silentLogger,
  })
  const objects = new WatchedObjects(context)
  const volumes = new NodeVolumes({ context, settings: SETTINGS, objects })
  const views = new RuntimeViews(cri, systemClock)
  const settings = { ...SETTINGS, logsDir: join(root, 'logs') }
  const made = podParts({
    context,
    settings,
    hierarchies: [],
    volumes,
    objects,
    services,
    enforced: async () => {},
    bindPods: async () => {},
    views: () => views,
    runtimeHandlers: ['runc'],
  })
  services.start()
  t.after(() => services.stop())
  const configOf = (pod: Pod) =>
    made.containerConfig({
      pod,
      spec: testContainer(),
      kind: 'app',
      attempt: 0,
      imageRef: 'i',
      imageUser: {},
      podIps: [],
      sandboxId: 's',
    })
  return { clock, state, configOf }
}

test('no container begins before the Services are known', async (t) => {
  const { clock, state, configOf } = parts(t)
  const waiting = assert.rejects(configOf(testPod()), {
    reason: 'CreateContainerConfigError',
    message: 'services have not yet been read at least once, cannot construct envvars',
  })
  await clock.advance(11_000)
  await waiting
  state.reachable = true
  const started = configOf(testPod())
  await clock.advance(60_000)
  const { envs = [] } = await started
  assert.ok(envs.some(({ key, value }) => key === 'KUBERNETES_SERVICE_HOST' && value === '10.96.0.1'))
})

test('a static pod begins without the API server', async (t) => {
  const { configOf } = parts(t)
  const annotations = { 'kubernetes.io/config.source': 'file' }
  const { envs } = await configOf(testPod({}, { annotations }))
  assert.deepEqual(envs, [])
})
