// Two machines are one cloud: pods, Services, names and policies from one to the other over a wire that sees tunnels
// alone; and what happens to it when the wire is cut, the agent dies, or a machine leaves and comes back.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ANNOUNCED_BY } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import { brume } from '@brume/cli/testing'
import { NODES, PODS, SECRETS, SERVICES } from '@brume/client/builtin'
import { whyNoBusybox } from '@brume/testkit/busybox-image'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { containersOf, isReady } from '../apps/cloud.ts'
import { EXIT_LIMIT_MS, runMain, within } from '../crash/server-process.ts'
import { kubectls } from '../kubectl/kubectls.ts'
import { whyNoMachines } from './lan.ts'
import { startTwoMachines, type TwoMachines } from './two-machines.ts'
import { PORT, web } from './web-pod.ts'

const noKubectl = kubectls().length === 0 ? 'kubectl is not installed' : undefined
const skip = whyNoContainers() ?? whyNoBusybox() ?? noKubectl ?? (await whyNoMachines()) ?? false

/** What is not answered by then is taken for dropped. */
const ASK_LIMIT_S = 3
const NOTHING = /^nothing/
/** A sentence, not a code. */
const SENTENCE = /^[A-Z].+ .+\.$/

describe('a cloud of two machines', { skip, timeout: 240_000 }, () => {
  let cloud: TwoMachines
  let publicIp = ''
  const announcer = async () => {
    const service = await cloud.client.resource(SERVICES).get({ namespace: 'default', name: 'public' })
    return service.metadata.annotations?.[ANNOUNCED_BY]
  }
  const pod = (name: string) => cloud.client.resource(PODS).get({ namespace: 'default', name })
  const addressOf = async (name: string) => (await pod(name)).status!.podIP as string
  const get = (host: string, port = PORT) =>
    `timeout ${ASK_LIMIT_S} wget -q -O - http://${host}:${port}/ || echo nothing`
  const readyOf = async (name: string): Promise<{ status: string; message: string } | undefined> => {
    const { status } = await cloud.client.resource(NODES).get({ name })
    return (status?.['conditions'] ?? []).find(({ type }: { type: string }) => type === 'Ready')
  }
  const ready = (name: string) =>
    eventually(`node ${name} is Ready`, async () => (await readyOf(name))?.status === 'True')
  const start = async (...objects: object[]) => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
    const { code, stderr } = await cloud.kubectl(['apply', '-f', '-'], list)
    assert.equal(code, 0, stderr)
  }
  const running = (...names: string[]) =>
    eventually(`${names.join(', ')} run`, async () => {
      const pods = await Promise.all(names.map(pod))
      return pods.every(isReady) ? pods : undefined
    })

  const check = (from: string, to: string) =>
    brume(['net', 'check', `pod/${from}`, to, '--kubeconfig', cloud.kubeconfig])

  before(async () => {
    cloud = await startTwoMachines()
  })
  after(() => cloud?.stop())

  it('has two nodes that are Ready, each with addresses of its own for pods', async () => {
    await Promise.all([ready('one'), ready('two')])
    const nodes = await cloud.client.resource(NODES).list({})
    const seen = nodes.items.map(({ metadata, spec, status }) => [
      metadata.name,
      status!['addresses'].find(({ type }: { type: string }) => type === 'InternalIP')?.address,
      /^10\.\d+\.\d+\.0\/24$/.test(spec!['podCIDR']),
    ])
    assert.deepEqual(seen, [
      ['one', cloud.one.address, true],
      ['two', cloud.two.address, true],
    ])
    assert.notEqual(nodes.items[0]!.spec!['podCIDR'], nodes.items[1]!.spec!['podCIDR'])
  })

  it('carries pod to pod both ways, each under its own address, and nothing on the wire but tunnels', async () => {
    await start(web('near', 'one'), web('far', 'two'))
    await running('near', 'far')
    const before = await Promise.all([cloud.lan.seen(cloud.one), cloud.lan.seen(cloud.two)])
    assert.equal(await cloud.exec('near', get(await addressOf('far'))), `far sees ${await addressOf('near')}`)
    assert.equal(await cloud.exec('far', get(await addressOf('near'))), `near sees ${await addressOf('far')}`)
    const after = await Promise.all([cloud.lan.seen(cloud.one), cloud.lan.seen(cloud.two)])
    for (const [i, { tunnel, encrypted, bare }] of after.entries()) {
      // Two connections, and of each at least SYN or its answer, data and the end.
      // Encrypted where the kernel can.
      const carried = tunnel + encrypted - before[i]!.tunnel - before[i]!.encrypted
      assert.ok(carried >= 6, JSON.stringify({ before, after }))
      assert.equal(bare, 0)
    }
  })

  it('carries more than one frame holds', async () => {
    const far = await addressOf('far')
    const sum = 'md5sum < /bin/busybox'
    const fetched = `wget -q -O - http://${far}:${PORT}/busybox | md5sum`
    assert.equal(await cloud.exec('near', fetched), await cloud.exec('far', sum))
  })

  it('leads a Service to a pod of the other machine, by address, by name and by the port of any node', async () => {
    const { spec } = await cloud.client.resource(SERVICES).create(service('web', 'far'))
    const answer = /^far sees /
    await eventually('the Service leads there', async () =>
      answer.test(await cloud.exec('near', get(spec!['clusterIP'], 80))),
    )
    assert.match(await cloud.exec('near', get('web', 80)), answer)
    assert.match(await cloud.exec('near', get('web.default.svc.cluster.local', 80)), answer)
    // From the second machine the same name: each node has the names itself.
    assert.match(await cloud.exec('far', get('web', 80)), answer)
    for (const { address } of [cloud.one, cloud.two]) {
      const told = await fetch(`http://${address}:${spec!['ports'][0].nodePort}/`)
      assert.match(await told.text(), answer)
    }
  })

  it('keeps a pod from whom its policy does not name, on whichever machine', async () => {
    await start(
      web('friend', 'one', { role: 'friend' }),
      policy('far', { from: [{ podSelector: { matchLabels: { role: 'friend' } } }] }),
    )
    await running('friend')
    const far = await addressOf('far')
    await eventually('a stranger is kept out', async () => NOTHING.test(await cloud.exec('near', get(far))))
    await eventually('a friend is let in', async () => /^far sees/.test(await cloud.exec('friend', get(far))))
    assert.match(await cloud.exec('near', get('web', 80)), NOTHING)
    assert.match(await cloud.exec('friend', get('web', 80)), /^far sees/)
    const stopped = await check('near', 'svc/web:80')
    assert.equal(stopped.code, 1, stopped.err)
    assert.match(
      stopped.out,
      /^pod\/near does not reach svc\/web:80: NetworkPolicy default\/far of far:8080 /,
    )
    const open = await check('friend', 'svc/web:80')
    assert.match(
      open.out,
      /^pod\/friend reaches svc\/web:80: Service web leads to far:8080, .*a connection was made\.\n$/,
      open.err,
    )
    await cloud.kubectl(['delete', 'networkpolicy', 'far'])
    await eventually('all are let in again', async () => /^far sees/.test(await cloud.exec('near', get(far))))
  })

  it('says what nobody listens at, and what there is no name of', async () => {
    const unheard = await check('near', 'pod/far:8081')
    assert.match(
      unheard.out,
      /the connection was refused: nobody listens at this port in pod far/,
      unheard.err,
    )
    assert.match((await check('near', 'nobody:80')).out, /the name nobody\.default is unknown/)
    assert.match((await check('near', 'svc/web:81')).out, /Service web has no port 81; it has 80\.\n/)
  })

  it('gives logs of, and runs commands in, a pod of the second machine', async () => {
    const logs = await cloud.kubectl(['logs', 'far'])
    assert.equal(logs.stdout, 'far serves\n', logs.stderr)
    assert.equal(await cloud.exec('far', 'hostname'), 'far')
  })

  it('goes on with the same containers when the agent of the second machine is killed and started again', async () => {
    const kept = containersOf([await pod('far')])
    await cloud.two.process.kill('SIGKILL')
    assert.match(await cloud.exec('near', get(await addressOf('far'))), /^far sees/)
    await cloud.join(['join'])
    assert.equal(await cloud.exec('far', 'hostname'), 'far')
    assert.deepEqual(containersOf(await running('far')), kept)
    assert.match(await cloud.exec('near', get('web', 80)), /^far sees/)
  })

  it('gives a Service an address of the LAN, which one machine answers for', async () => {
    publicIp = cloud.lan.address(201)
    const pool = ['create', 'configmap', 'load-balancer-addresses', '-n', 'kube-system']
    const made = await cloud.kubectl([...pool, `--from-literal=addresses=${publicIp}`])
    assert.equal(made.code, 0, made.stderr)
    await start(balanced('public', 'near'))
    await eventually('it is reached from the LAN', async () => {
      const answer = await fetch(`http://${publicIp}/`, { signal: AbortSignal.timeout(2_000) })
      return /^near sees /.test(await answer.text())
    })
    assert.equal(await announcer(), 'two')
    // The machine's own services are not reached by it.
    await assert.rejects(fetch(`https://${publicIp}:6443/`, { signal: AbortSignal.timeout(5_000) }))
    await start(balanced('second', 'near'))
    await eventually('another one is told that there is none left', async () => {
      const { stdout } = await cloud.kubectl(['describe', 'service', 'second'])
      return /AddressPoolExhausted .*all addresses of the pool are taken/.test(stdout)
    })
  })

  it('says that a machine behind a cut cable does not answer, refuses strangers meanwhile, and heals', async () => {
    const kept = containersOf([await pod('far')])
    await cloud.lan.plug(cloud.two, false)
    assert.match(await cloud.exec('near', get(await addressOf('far'))), NOTHING)
    const unknown = await eventually('the node is not Ready', async () => {
      const condition = await readyOf('two')
      return condition?.status === 'Unknown' ? condition : undefined
    })
    assert.match(unknown.message, SENTENCE)
    await eventually('the other machine answers for the address', async () => {
      const answer = await fetch(`http://${publicIp}/`, { signal: AbortSignal.timeout(2_000) })
      return /^near sees /.test(await answer.text()) && (await announcer()) === 'one'
    })
    await cloud.lan.plug(cloud.two, true)
    await ready('two')
    await eventually('pods reach each other again', async () =>
      /^far sees/.test(await cloud.exec('near', get('web', 80))),
    )
    assert.deepEqual(containersOf(await running('far')), kept)
  })

  it('lets nobody in with a wrong hash, a wrong token or one that has ended; each is told what to run', async () => {
    const [, server = '', , token = '', , caHash = ''] = await cloud.token()
    const join = (...secret: string[]) => cloud.failToJoin(['join', server, ...secret])
    const wrongHash = await join('--token', token, '--ca-hash', `sha256:${'0'.repeat(64)}`)
    const wrongToken = await join('--token', 'abcdef.0123456789abcdef', '--ca-hash', caHash)
    const name = `bootstrap-token-${token.slice(0, 6)}`
    await cloud.client.resource(SECRETS).patch(
      { namespace: 'kube-system', name },
      {
        type: 'merge',
        body: { data: { expiration: Buffer.from('2020-01-01T00:00:00Z').toString('base64') } },
      },
    )
    const ended = await join('--token', token, '--ca-hash', caHash)
    const nothing = await join()
    for (const [{ code, stderr }, why] of [
      [wrongHash, /is not the one that the token is of: its CA has another hash/],
      [wrongToken, /the cloud does not take the token/],
      [ended, /the cloud does not take the token/],
      [nothing, /joining wants the address of the cloud, a --token and its --ca-hash/],
    ] as const) {
      assert.equal(code, 1, stderr)
      assert.match(stderr, why)
      assert.match(stderr, /\nnext: .*\.\/brume node token\n/)
    }
    const { items } = await cloud.client.resource(NODES).list({})
    assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), ['one', 'two'])
  })

  it('takes a machine out for good, which comes back with a new token alone', async () => {
    const kubeconfig = ['--kubeconfig', cloud.kubeconfig]
    const listed = await brume(['node', 'list', ...kubeconfig])
    assert.match(listed.out, /^one +Ready +control-plane /m)
    assert.match(listed.out, /^two +Ready +- /m)
    const drained = await brume(['node', 'drain', 'two', '--force', ...kubeconfig])
    assert.equal(drained.code, 0, drained.err)
    assert.match(drained.err, /^default\/far is gone \(\d of \d\)$/m)
    const removed = await brume(['node', 'remove', 'two', ...kubeconfig])
    assert.equal(removed.code, 0, removed.err)
    assert.deepEqual(await within(EXIT_LIMIT_MS, 'the end of its agent', cloud.two.process.exited), {
      code: 2,
      signal: null,
    })
    assert.match(
      cloud.two.process.stderr,
      /node two was removed from the cloud at .*\nnext: \.\/brume reset /,
    )
    // As its service would start it.
    const byItself = await runMain(['join', '--data-dir', cloud.two.dataDir], cloud.two.netns)
    assert.equal(byItself.code, 2, byItself.stderr)
    assert.match(byItself.stderr, /node two was removed/)
    const nodes = await cloud.client.resource(NODES).list({})
    assert.deepEqual(
      nodes.items.map(({ metadata }) => metadata.name),
      ['one'],
    )
    await cloud.join([...(await cloud.token()), '--node-name', 'two'])
    await ready('two')
    await start(web('far', 'two'))
    await running('far')
    await eventually('pods reach each other again', async () =>
      /^far sees/.test(await cloud.exec('near', get('web', 80))),
    )
  })
})

function service(name: string, app: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type: 'NodePort', selector: { app }, ports: [{ port: 80, targetPort: PORT }] },
  }
}

function balanced(name: string, app: string): KubeObject {
  const { spec, ...rest } = service(name, app)
  return { ...rest, spec: { ...spec, type: 'LoadBalancer' } }
}

function policy(app: string, rule: object) {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: app, namespace: 'default' },
    spec: { podSelector: { matchLabels: { app } }, policyTypes: ['Ingress'], ingress: [rule] },
  }
}
