import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { DIRECTORY, TO_CLEAR } from '@brume/api/local-volumes'
import { systemClock } from '@brume/base/clock'
import { createLogger } from '@brume/base/log'
import { NODES } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { type RunningController, runController } from '@brume/client/controller'
import { Informers } from '@brume/client/informers'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { nodeTransport } from '@brume/testkit/node-user'
import { localVolumes } from './local-volumes.ts'

describe("the agent's half of local volumes", { timeout: 60_000 }, () => {
  const logger = createLogger('error')
  let plane: TestControlPlane
  let client: Client
  let root: string
  let informers: Informers
  let running: RunningController

  before(async () => {
    plane = await startTestControlPlane()
    root = await mkdtemp(join(tmpdir(), 'brume-local-volumes-'))
    await plane.client
      .resource(NODES)
      .create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', annotations: { [TO_CLEAR]: 'x' } } })
    // With the rights of the node's agent.
    client = new Client({ transport: await nodeTransport(plane, 'n1') })
    informers = new Informers({ client, clock: systemClock, random: Math.random, logger })
    const nodes = informers.for(NODES, { fieldSelector: 'metadata.name=n1' })
    const spec = localVolumes({ nodeName: 'n1', client, logger, dirs: { root } }, nodes)
    running = runController(spec, { clock: systemClock, logger })
    informers.start()
  })
  after(async () => {
    await running.stop()
    await informers.stop()
    client.transport.close()
    await plane.stop()
    await rm(root, { recursive: true, force: true })
  })

  const annotations = async () =>
    (await plane.client.resource(NODES).get({ name: 'n1' })).metadata.annotations ?? {}

  it('says where they are', async () => {
    await eventually('the annotation', async () => (await annotations())[DIRECTORY] !== undefined)
    assert.equal((await annotations())[DIRECTORY], join(root, 'local-volumes'))
  })

  it('removes the directories that it is told to, those only, and says when they are gone', async () => {
    const directory = join(root, 'local-volumes')
    for (const name of ['pvc-a1', 'pvc-b2']) {
      await mkdir(join(directory, name, 'deep'), { recursive: true })
      await writeFile(join(directory, name, 'deep', 'file'), 'data')
    }
    const body = { metadata: { annotations: { [TO_CLEAR]: 'pvc-a1,pvc-c3,../local-volumes/pvc-b2' } } }
    await plane.client.resource(NODES).patch({ name: 'n1' }, { type: 'merge', body })
    await eventually('the annotation to go', async () => (await annotations())[TO_CLEAR] === undefined)
    assert.equal(existsSync(join(directory, 'pvc-a1')), false)
    assert.equal(existsSync(join(directory, 'pvc-b2', 'deep', 'file')), true)
  })
})
