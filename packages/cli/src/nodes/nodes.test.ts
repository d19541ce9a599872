// `brume node` against a real control plane; the nodes are this test's, and so is what their agents would do.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { systemClock } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import { silentLogger } from '@brume/base/log'
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  LEASES,
  NODES,
  PERSISTENT_VOLUMES,
  PODS,
  SECRETS,
} from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { Informer } from '@brume/client/informer'
import type { ResourceRef } from '@brume/client/resource-ref'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { nodeTransport } from '@brume/testkit/node-user'
import { brume } from '../testing.ts'

const BUDGETS: ResourceRef = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
}

describe('brume node', { timeout: 120_000 }, () => {
  let plane: TestControlPlane
  let folder: string
  let env: Record<string, string>
  let agents: Informer

  before(async () => {
    plane = await startTestControlPlane()
    folder = mkdtempSync(join(tmpdir(), 'brume-cli-node-'))
    env = { HOME: folder, KUBECONFIG: plane.kubeconfig }
    agents = asAgents(plane.client)
    for (const name of ['n1', 'n2']) await addNode(plane.client, name)
  })
  after(async () => {
    await agents.stop()
    await plane.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const node = (...argv: string[]) => brume(['node', ...argv], env)
  const get = (name: string) => plane.client.resource(NODES).get({ name })
  const podsOn = async (name: string) =>
    (await plane.client.resource(PODS).listAll({ fieldSelector: `spec.nodeName=${name}` })).items

  it('shows each node in a row, with what is promised, and why one is not ready', async () => {
    await plane.client.resource(NODES).create(nodeObject('n3'))
    await plane.client.resource(PODS).create(pod('alone', 'n1'))
    const { code, out, err } = await node('list')
    assert.equal(code, 0, err)
    const lines = out.split('\n')
    assert.match(lines[0]!, /^NAME +STATE +ROLE +GROUP +VERSION +ADDRESS +PODS +CPU +MEMORY +HEARD$/)
    assert.match(
      lines[1]!,
      /^n1 +Ready +- +web +v1\.32 +10\.0\.0\.1 +1\/20 +0\.25\/\?\/4 +128Mi\/\?\/8Gi +-$/,
    )
    assert.match(out, /^n3 \(New\): its agent has not reported yet\nnext: kubectl describe node n3$/m)
    const rows = JSON.parse((await node('list', '-o', 'json')).out)
    assert.deepEqual(rows[0].cpuMillis, { promised: 250, all: 4000 })
    await plane.client.resource(NODES).delete({ name: 'n3' })
  })

  it('cordons and opens again, says when it was so already, and knows no other node', async () => {
    assert.equal((await node('cordon', 'n1', 'n2')).out, 'n1 is cordoned\nn2 is cordoned\n')
    assert.equal((await get('n1'))['spec'].unschedulable, true)
    assert.match((await node('list')).out, /^n2 +Cordoned /m)
    assert.equal((await node('cordon', 'n1')).out, 'n1 was cordoned already\n')
    assert.equal((await node('uncordon', 'n1', 'n2')).out, 'n1 is open\nn2 is open\n')
    assert.equal((await get('n1'))['spec'].unschedulable, undefined)
    const { code, err } = await node('cordon', 'n9')
    assert.equal(code, 1)
    assert.match(err, /there is no node n9\nnext: \.\/brume node list$/m)
    assert.equal((await node('cordon')).code, 2)
    assert.match((await node('drian')).err, /there is no "node drian"\. Next: \.\/brume node drain/)
  })

  it('does not end what would be lost, changes nothing then, and names the options', async () => {
    const scratch = { volumes: [{ name: 'tmp', emptyDir: {} }] }
    await plane.client.resource(PODS).create(pod('scratch', 'n1', scratch))
    const { code, err } = await node('drain', 'n1')
    assert.equal(code, 1)
    assert.match(err, /default\/alone: no controller makes it again elsewhere \(--force\)$/m)
    assert.match(
      err,
      /default\/scratch: the data of its emptyDir tmp goes with it \(--delete-emptydir-data\)$/m,
    )
    assert.match(err, /^next: \.\/brume node drain n1 --force --delete-emptydir-data /m)
    assert.equal((await get('n1'))['spec'].unschedulable, undefined)
    assert.equal((await podsOn('n1')).length, 2)
    const dry = await node('drain', 'n1', '--force', '--dry-run')
    assert.equal(
      dry.out.split('\n').sort().join('\n').trim(),
      [
        'default/alone would go',
        'default/scratch needs --delete-emptydir-data: the data of its emptyDir tmp goes with it',
      ].join('\n'),
    )
    const done = await node('drain', 'n1', '--force', '--delete-emptydir-data')
    assert.equal(done.code, 0, done.err)
    assert.equal(done.out, 'n1 is drained: 2 pods went\n')
    assert.match(done.err, /^n1 is cordoned$/m)
    assert.match(done.err, /is gone \(2 of 2\)$/m)
    assert.equal((await podsOn('n1')).length, 0)
    await node('uncordon', 'n1')
  })

  it('waits for a disruption budget, says which one at its limit, and goes on when it allows', async () => {
    await node('cordon', 'n2')
    await plane.client.resource(DEPLOYMENTS).create(deployment('web', 2))
    await plane.client.resource(BUDGETS).create(budget('web', 2))
    await eventually('both run on n1, and the budget knows', async () => {
      const { status } = await plane.client.resource(BUDGETS).get({ namespace: 'default', name: 'web' })
      return status?.currentHealthy === 2
    })
    await node('uncordon', 'n2')
    const { code, err } = await node('drain', 'n1', '--timeout', '1')
    assert.equal(code, 1)
    assert.match(
      err,
      /^default\/web-\S+ waits: The disruption budget web needs 2 healthy pods and has 2 currently$/m,
    )
    assert.match(
      err,
      /n1 is cordoned, but not empty after 1 s:\n +default\/web-\S+: The disruption budget web /,
    )
    assert.match(err, /^next: kubectl get pdb -n default .*\.\/brume node uncordon n1$/m)
    assert.equal((await podsOn('n1')).length, 2)
    const going = node('drain', 'n1')
    await plane.client
      .resource(BUDGETS)
      .patch({ namespace: 'default', name: 'web' }, { type: 'merge', body: { spec: { minAvailable: 1 } } })
    const done = await going
    assert.equal(done.code, 0, done.err)
    assert.equal((await podsOn('n1')).length, 0)
    await eventually('the app runs on the other node', async () => (await podsOn('n2')).length === 2)
    await plane.client.resource(BUDGETS).delete({ namespace: 'default', name: 'web' })
  })

  it('removes a node for good: its objects go, its machine is shut out, what stays behind is named', async () => {
    const transport = await nodeTransport(plane, 'n2')
    const agent = new Client({ transport })
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
    await agent.resource(LEASES).create({
      ...lease,
      metadata: { name: 'n2', namespace: 'kube-node-lease' },
      spec: { holderIdentity: 'n2' },
    })
    await plane.client.resource(PERSISTENT_VOLUMES).create(localVolume('disk', 'n2'))
    await node('uncordon', 'n1')
    const unsure = await brume(['node', 'remove', 'n2'], env, 'y')
    assert.equal(unsure.code, 1)
    assert.match(unsure.err, /nothing was changed\n$/)
    assert.equal((await get('n2'))['spec'].unschedulable, undefined)
    await plane.client.resource(SECRETS).create(openToken())
    const { code, out, err } = await brume(['node', 'remove', 'n2'], env, 'yes')
    assert.equal(code, 0, err)
    assert.equal(out, 'n2 is removed\n')
    assert.match(
      err,
      /^warning: volume disk \(claim default\/data\) is on n2 alone, and is lost with it; .*kubectl delete pvc -n default data$/m,
    )
    assert.match(err, /^on that machine, as root: .*\.\/brume reset$/m)
    assert.match(
      err,
      /^a token lets machines join until \S+; to end it: kubectl delete secret -n kube-system bootstrap-token-\w{6}$/m,
    )
    const gone = (error: unknown) => isStatus(error, 'NotFound')
    await assert.rejects(get('n2'), gone)
    await assert.rejects(
      plane.client.resource(LEASES).get({ namespace: 'kube-node-lease', name: 'n2' }),
      gone,
    )
    assert.equal((await podsOn('n2')).length, 0)
    await assert.rejects(
      agent.resource(NODES).create(nodeObject('n2')),
      /node n2 was removed from this cloud/,
    )
    // Times in certificates are whole seconds: one of the removal's own second does not count either.
    await eventually('a certificate of later counts', async () => {
      const again = new Client({ transport: await nodeTransport(plane, 'n2') })
      try {
        return await again.resource(NODES).get({ name: 'n2' }).catch(gone)
      } finally {
        again.transport.close()
      }
    })
    await eventually('the app is back', async () => (await podsOn('n1')).length === 2)
    transport.close()
  })

  it('names what came to the node while the question stood, and loses nothing', async () => {
    await addNode(plane.client, 'n5')
    const { code, err } = await brume(['node', 'remove', 'n5'], env, async () => {
      await plane.client.resource(PODS).create(pod('late', 'n5'))
      return 'yes'
    })
    assert.equal(code, 1, err)
    assert.match(err, /n5 is cordoned, and pods came to it meanwhile; this would be lost:\n +default\/late: /)
    assert.equal((await podsOn('n5')).length, 1)
    assert.equal((await node('remove', 'n5', '--yes', '--force')).code, 0)
    await assert.rejects(get('n5'), (error) => isStatus(error, 'NotFound'))
  })

  it('shuts a node out by the clock of the cloud, whatever the time is where it is removed', async () => {
    await addNode(plane.client, 'n6')
    const agent = new Client({ transport: await nodeTransport(plane, 'n6') })
    const late = { ...systemClock, now: () => systemClock.now() - 3600_000 }
    const { code, err } = await brume(['node', 'remove', 'n6', '--yes'], env, undefined, late)
    assert.equal(code, 0, err)
    await assert.rejects(
      agent.resource(NODES).create(nodeObject('n6')),
      /node n6 was removed from this cloud/,
    )
    agent.transport.close()
  })

  it('ends what a removed node still hears, and no other', async () => {
    for (const name of ['n7', 'n8']) await addNode(plane.client, name)
    const hearing = new Map<string, Promise<unknown>>()
    const transports = await Promise.all(['n7', 'n8'].map((name) => nodeTransport(plane, name)))
    const ended = new Set<string>()
    for (const [i, name] of ['n7', 'n8'].entries()) {
      const watch = await transports[i]!.request({
        method: 'GET',
        path: '/api/v1/pods',
        query: { watch: 'true', fieldSelector: `spec.nodeName=${name}` },
        headers: {},
      })
      assert.equal(watch.status, 200)
      hearing.set(
        name,
        watch.buffer().finally(() => ended.add(name)),
      )
    }
    assert.equal((await node('remove', 'n7', '--yes')).code, 0)
    await eventually('the watch of the removed node ends', () => ended.has('n7'))
    assert.deepEqual([...ended], ['n7'])
    assert.equal((await node('remove', 'n8', '--yes')).code, 0)
    await eventually('that of the other ends with it', () => ended.has('n8'))
    await Promise.allSettled(hearing.values())
    for (const transport of transports) transport.close()
  })

  it('does not wait for a node that does not answer, and forgets removals of long ago', async () => {
    const long = { data: { old: '2020-01-01T00:00:00Z' } }
    const key = { namespace: 'kube-system', name: 'removed-nodes' }
    await plane.client.resource(CONFIG_MAPS).patch(key, { type: 'merge', body: long })
    await addNode(plane.client, 'n4', 'Unknown')
    await plane.client.resource(PODS).create(pod('lost', 'n4', { terminationGracePeriodSeconds: 3600 }))
    const { code, err } = await node('remove', 'n4')
    assert.equal(code, 0, err)
    assert.match(err, /^warning: n4 does not answer: its pods are made again elsewhere at once/m)
    assert.deepEqual(Object.keys((await plane.client.resource(CONFIG_MAPS).get(key))['data']).sort(), [
      'n2',
      'n4',
      'n5',
      'n6',
      'n7',
      'n8',
    ])
  })

  it('leaves the machine of the control plane where it is', async () => {
    const labels = { 'node-role.kubernetes.io/control-plane': '' }
    await plane.client
      .resource(NODES)
      .patch({ name: 'n1' }, { type: 'merge', body: { metadata: { labels } } })
    const { code, err } = await node('remove', 'n1', '--yes')
    assert.equal(code, 1)
    assert.match(err, /n1 is the machine of the control plane/)
    assert.match((await node('list')).out, /^n1 +Ready +control-plane +web /m)
  })
})

function nodeObject(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/hostname': name } } }
}

async function addNode(client: Client, name: string, ready = 'True'): Promise<void> {
  const nodes = client.resource(NODES)
  const room = { cpu: '4', memory: '8Gi', pods: '20' }
  await nodes.create({ ...nodeObject(name), metadata: { name, labels: { 'brume.dev/group': 'web' } } })
  const status = {
    capacity: room,
    allocatable: room,
    conditions: [{ type: 'Ready', status: ready }],
    addresses: [{ type: 'InternalIP', address: `10.0.0.${name.slice(1)}` }],
    nodeInfo: { kubeletVersion: 'v1.32' },
  }
  await nodes.patch({ name }, { type: 'merge', subresource: 'status', body: { status } })
  await nodes.patch({ name }, { type: 'merge', body: { spec: { taints: null } } })
}

function pod(name: string, nodeName: string, more: object = {}): KubeObject {
  const requests = { cpu: '250m', memory: '128Mi' }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName, containers: [{ name: 'c', image: 'i', resources: { requests } }], ...more },
  }
}

function deployment(name: string, replicas: number): KubeObject {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: { replicas, selector: { matchLabels: labels }, template },
  }
}

function budget(name: string, minAvailable: number): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default' },
    spec: { minAvailable, selector: { matchLabels: { app: name } } },
  }
}

function openToken(): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'bootstrap.kubernetes.io/token',
    metadata: { namespace: 'kube-system', name: 'bootstrap-token-abcdef' },
    stringData: {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      expiration: new Date(Date.now() + 3600_000).toISOString(),
      'usage-bootstrap-authentication': 'true',
    },
  }
}

function localVolume(name: string, nodeName: string): KubeObject {
  const fields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }]
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      local: { path: '/data' },
      claimRef: { namespace: 'default', name: 'data' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchFields: fields }] } },
    },
  }
}

/** What agents do with pods that are bound to their nodes: start them at once, and let go of those that are to end. */
function asAgents(client: Client): Informer {
  const pods = client.resource(PODS)
  const informer = new Informer({
    resource: pods,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
  })
  const look = ({ metadata, spec, status }: KubeObject) => {
    if (!spec?.['nodeName'] || spec['nodeName'] === 'n4') return
    const key = { namespace: metadata.namespace!, name: metadata.name! }
    const conditions = [{ type: 'Ready', status: 'True' }]
    const body = { status: { phase: 'Running', conditions } }
    const done =
      metadata.deletionTimestamp !== undefined
        ? pods.delete(key, { gracePeriodSeconds: 0 })
        : status?.phase === 'Running'
          ? undefined
          : pods.patch(key, { type: 'merge', subresource: 'status', body })
    done?.catch((error: unknown) => assert.ok(isStatus(error, 'NotFound'), String(error)))
  }
  informer.addHandler({ add: look, update: look })
  informer.start()
  return informer
}
