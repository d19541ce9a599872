// Two clouds on one machine do not meet: neither's network, containers nor reset touch the other's.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { ownNames } from '@brume/machine/own-names'
import { isSameProcess } from '@brume/machine/process-id'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { runMain, type ServerProcess, startServer } from '../crash/server-process.ts'

const KEY = { namespace: 'default', name: 'one' }
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: KEY,
  spec: {
    containers: [{ name: 'pause', image: 'registry.brume.internal/brume/pause:1', imagePullPolicy: 'Never' }],
  },
}

interface Cloud {
  dataDir: string
  server: ServerProcess
  client: Client
  pod: KubeObject
}

async function startCloud(): Promise<Cloud> {
  const dataDir = mkdtempSync(join(tmpdir(), 'brume-two-'))
  const server = startServer(dataDir, { options: [] })
  const client = await server.ready()
  await client.resource(PODS).create(POD)
  const pod = await eventually('the pod runs', async () => {
    const found = await client.resource(PODS).get(KEY)
    return found.status?.phase === 'Running' && found
  })
  return { dataDir, server, client, pod }
}

async function removeCloud({ dataDir, server }: Cloud): Promise<void> {
  await server.kill('SIGTERM')
  const { code, stderr } = await runMain(['reset', '--data-dir', dataDir, '--yes'])
  assert.equal(code, 0, stderr)
  rmSync(dataDir, { recursive: true, force: true })
}

describe('two clouds on one machine', { skip: whyNoContainers() ?? false, timeout: 180_000 }, () => {
  let first: Cloud
  let second: Cloud
  before(async () => {
    ;[first, second] = await Promise.all([startCloud(), startCloud()])
  })
  after(() => removeCloud(first))

  it('have bridges, tables and addresses of their own', async () => {
    const [a, b] = [ownNames(first.dataDir), ownNames(second.dataDir)]
    const { stdout } = await run(['ip', '-br', 'link', 'show', 'type', 'bridge'])
    assert.equal(stdout.includes(a.bridge) && stdout.includes(b.bridge), true)
    const range = (cloud: Cloud) => cloud.pod.status!.podIP.replace(/\.\d+$/, '')
    assert.notEqual(range(first), range(second))
  })

  it('go on one without the other: what is removed is the one alone', async () => {
    const containerd = JSON.parse(
      readFileSync(join(first.dataDir, 'node/containerd/containerd.json'), 'utf8'),
    )
    await removeCloud(second)
    assert.equal(isSameProcess(containerd), true)
    const names = ownNames(first.dataDir)
    assert.equal((await run(['ip', '-br', 'link'])).stdout.includes(names.bridge), true)
    assert.match((await run(['nft', 'list', 'tables'])).stdout, new RegExp(`table ip ${names.table}\n`))
    const pod = await first.client.resource(PODS).get(KEY)
    assert.deepEqual(pod.status!.containerStatuses, first.pod.status!.containerStatuses)
    // Its network still carries: a new pod gets an address.
    await first.client.resource(PODS).create({ ...POD, metadata: { namespace: 'default', name: 'two' } })
    await eventually('another pod runs', async () => {
      const found = await first.client.resource(PODS).get({ namespace: 'default', name: 'two' })
      return found.status?.phase === 'Running'
    })
  })
})
