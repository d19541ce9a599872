import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parseYamlBody } from '@brume/api/codec/yaml'
import type { KubeObject } from '@brume/api/object'
import { DEPLOYMENTS, NODES, PODS, SERVICES } from '@brume/client/builtin'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { brume } from '../testing.ts'

const LIMIT = { timeout: 90_000 }

describe('brume run', LIMIT, () => {
  let plane: TestControlPlane
  let folder: string
  let env: Record<string, string>

  before(async () => {
    plane = await startTestControlPlane()
    folder = mkdtempSync(join(tmpdir(), 'brume-cli-run-'))
    env = { HOME: folder, KUBECONFIG: plane.kubeconfig }
    const room = { cpu: '4', memory: '8Gi', pods: '20' }
    const node = await plane.client.resource(NODES).create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: { capacity: room, allocatable: room, conditions: [{ type: 'Ready', status: 'True' }] },
    })
    await plane.client
      .resource(NODES)
      .patch({ name: 'n1' }, { type: 'merge', subresource: 'status', body: { status: node['status'] } })
    await plane.client
      .resource(NODES)
      .patch({ name: 'n1' }, { type: 'merge', body: { spec: { taints: null } } })
  })
  after(async () => {
    await plane.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** As the node's agent would: the first pod of the app that has a node gets this status. */
  async function report(app: string, status: object): Promise<void> {
    const pods = plane.client.resource(PODS)
    const pod = await eventually(`a pod of ${app} on a node`, async () => {
      const { items } = await pods.list({ namespace: 'default', labelSelector: `app=${app}` })
      return items.find(({ spec }: KubeObject & { spec?: { nodeName?: string } }) => spec?.nodeName)
    })
    const key = { namespace: 'default', name: pod.metadata.name! }
    await pods.patch(key, { type: 'merge', subresource: 'status', body: { status } })
  }

  const running = (app: string) => ({
    phase: 'Running',
    podIP: '10.1.0.5',
    podIPs: [{ ip: '10.1.0.5' }],
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    containerStatuses: [
      { name: app, state: { running: {} }, ready: true, restartCount: 0, image: 'x', imageID: '' },
    ],
  })

  it('prints what it would make, and makes nothing', async () => {
    const argv = 'run web --image nginx:1 --port 80 --env A=1 -e B=2=3 --dry-run -o yaml -- -v'.split(' ')
    const { code, out, err } = await brume(argv, env)
    assert.equal(code, 0, err)
    assert.match(err, /docker\.io\/library\/nginx:1, for the cloud's registry has no nginx/)
    const [service, deployment] = out.split('---\n').map((text) => parseYamlBody(text).value as KubeObject)
    assert.equal(service?.kind, 'Service')
    const [container] = deployment?.['spec'].template.spec.containers ?? []
    assert.deepEqual(container.env, [
      { name: 'A', value: '1' },
      { name: 'B', value: '2=3' },
    ])
    assert.deepEqual(container.args, ['-v'])
    assert.equal((await plane.client.resource(DEPLOYMENTS).list({ namespace: 'default' })).items.length, 0)
  })

  it('waits until the app runs, and says how to reach and how to remove it', async () => {
    const ran = brume(['run', 'web', '--image', 'nginx', '--port', '80'], env)
    await report('web', running('web'))
    const { code, err } = await ran
    assert.equal(code, 0, err)
    assert.match(err, /^web runs, after [\d.]+ s$/m)
    assert.match(err, /^inside: +http:\/\/web\.default:80 /m)
    assert.match(err, /^here: +http:\/\/10\.1\.0\.5:80 /m)
    assert.match(
      err,
      /kubectl port-forward -n default service\/web 8080:80 {3}\(then http:\/\/localhost:8080\)/,
    )
    assert.match(err, /^remove: +kubectl delete -n default deployment,service web$/m)
    assert.equal((await plane.client.resource(SERVICES).list({ namespace: 'default' })).items.length, 2)
  })

  it('refuses a name that is taken, with the way on', async () => {
    const { code, err } = await brume(['run', 'web', '--image', 'nginx'], env)
    assert.equal(code, 1)
    assert.match(err, /there is a Deployment web in default already\nnext: kubectl delete/)
    const nowhere = await brume(['run', 'web', '--image', 'nginx', '-n', 'shop'], env)
    assert.equal(nowhere.code, 1)
    assert.match(nowhere.err, /namespaces "shop" not found\nnext: kubectl create namespace shop$/m)
  })

  it('makes nothing when what its volumes name is not there', async () => {
    for (const [volume, kind] of [
      ['configmap:nope:/etc/app', 'ConfigMap'],
      ['secret:nope:/etc/keys:ro', 'Secret'],
      ['nope:/data', 'PersistentVolumeClaim'],
    ] as const) {
      const { code, err } = await brume(['run', 'volumes', '--image', 'nginx', '--volume', volume], env)
      assert.equal(code, 1)
      assert.match(err, new RegExp(`there is no ${kind} nope in default, which --volume names\\nnext: `))
    }
    const { items } = await plane.client.resource(DEPLOYMENTS).list({ namespace: 'default' })
    assert.ok(!items.some(({ metadata }) => metadata.name === 'volumes'))
  })

  it('says in one sentence what stops it, and the last lines when there are any', async () => {
    const ran = brume(['run', 'bad', '--image', 'nope'], env)
    const why = 'docker.io/library/nope:latest: not found'
    await report('bad', {
      containerStatuses: [
        {
          name: 'bad',
          state: { waiting: { reason: 'ErrImagePull', message: why } },
          ready: false,
          restartCount: 0,
          image: 'nope',
          imageID: '',
        },
      ],
    })
    const { code, err } = await ran
    assert.equal(code, 1)
    assert.match(
      err,
      /bad does not run: its image cannot be had: docker\.io\/library\/nope:latest: not found\nnext: /,
    )
    assert.match(err, /remove: +kubectl delete -n default deployment bad$/m)
  })

  it('does not wait for ever', async () => {
    const { code, err } = await brume(['run', 'slow', '--image', 'nginx', '--timeout', '1'], env)
    assert.equal(code, 1)
    assert.match(err, /slow does not run: nothing came of it in 1 s/)
  })

  it('refuses what it cannot read, with exit code 2', async () => {
    for (const argv of [
      ['run', 'web'],
      ['run', 'Web', '--image', 'x'],
      ['run', 'web', '--image', 'x', '--spread', '--pack'],
      ['run', 'web', '--image', 'x', '--port', '70000'],
      ['run', 'web', '--image', 'x', '--env', 'A'],
      ['run', 'web', '--image', 'x', '--size', 'huge'],
    ]) {
      assert.equal((await brume(argv, env)).code, 2, argv.join(' '))
    }
  })
})
