// Two machines are one cloud with IPv4 and IPv6, over a wire that has IPv4 alone: pods, Services, names and policies by
// IPv6 from one to the other.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { brume } from '@brume/cli/testing'
import { NODES, PODS, SERVICES } from '@brume/client/builtin'
import { whyNoBusybox } from '@brume/testkit/busybox-image'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { isReady } from '../apps/cloud.ts'
import { kubectls } from '../kubectl/kubectls.ts'
import { whyNoMachines } from './lan.ts'
import { startTwoMachines, type TwoMachines } from './two-machines.ts'
import { PORT, web } from './web-pod.ts'

const noKubectl = kubectls().length === 0 ? 'kubectl is not installed' : undefined
const noIpv6 = existsSync('/proc/sys/net/ipv6') ? undefined : 'this kernel has no IPv6'
const skip = whyNoContainers() ?? whyNoBusybox() ?? noKubectl ?? noIpv6 ?? (await whyNoMachines()) ?? false

/** What is not answered by then is taken for dropped. */
const ASK_LIMIT_S = 3
const NOTHING = /^nothing/
const IPV6 = /^fd[0-9a-f]{2}:[0-9a-f:]+$/

describe('a cloud of two machines with both families', { skip, timeout: 240_000 }, () => {
  let cloud: TwoMachines
  const pod = (name: string) => cloud.client.resource(PODS).get({ namespace: 'default', name })
  const ipv6Of = async (name: string): Promise<string> => (await pod(name)).status!['podIPs'][1].ip
  const get = (host: string, port = PORT) =>
    `timeout ${ASK_LIMIT_S} wget -q -O - http://${host.includes(':') ? `[${host}]` : host}:${port}/ || echo nothing`
  const start = async (...objects: object[]) => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
    const { code, stderr } = await cloud.kubectl(['apply', '-f', '-'], list)
    assert.equal(code, 0, stderr)
  }
  const running = (...names: string[]) =>
    eventually(`${names.join(', ')} run`, async () => (await Promise.all(names.map(pod))).every(isReady))
  const create = async (name: string, spec: object) => {
    const metadata = { name, namespace: 'default' }
    const made = await cloud.client.resource(SERVICES).create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: { app: 'far' }, ports: [{ port: 80, targetPort: PORT }], ...spec },
    })
    return made.spec!
  }

  const clusterIp = async (name: string): Promise<string> =>
    (await cloud.client.resource(SERVICES).get({ namespace: 'default', name })).spec!['clusterIP']
  const check = (from: string, to: string) =>
    brume(['net', 'check', `pod/${from}`, to, '--kubeconfig', cloud.kubeconfig])

  before(async () => {
    cloud = await startTwoMachines({ upOptions: ['--ip-families', 'IPv4,IPv6'] })
  })
  after(() => cloud?.stop())

  it('gives nodes ranges, and pods addresses, of both families', async () => {
    await start(both('near', 'one'), both('far', 'two'), both('friend', 'one', { role: 'friend' }))
    await running('near', 'far', 'friend')
    const { items } = await cloud.client.resource(NODES).list({})
    const ranges: string[][] = items.map(({ spec }) => spec!['podCIDRs'])
    for (const [ipv4, ipv6] of ranges) assert.match(`${ipv4} ${ipv6}`, /^10\.[\d.]+\/24 fd[0-9a-f:]+\/64$/)
    assert.notEqual(ranges[0]![1], ranges[1]![1])
    assert.match(await ipv6Of('near'), IPV6)
  })

  it('carries pod to pod both ways by IPv6, each under its own address, and nothing on the wire but tunnels', async () => {
    const [near, far] = [await ipv6Of('near'), await ipv6Of('far')]
    const bare = async () =>
      (await Promise.all([cloud.lan.seen(cloud.one), cloud.lan.seen(cloud.two)])).map((one) => one.bare)
    assert.equal(await cloud.exec('near', get(far)), `far sees ${near}`)
    assert.equal(await cloud.exec('far', get(near)), `near sees ${far}`)
    assert.deepEqual(await bare(), [0, 0])
    const sum = await cloud.exec('far', 'md5sum < /bin/busybox')
    assert.equal(await cloud.exec('near', `wget -q -O - http://[${far}]:${PORT}/busybox | md5sum`), sum)
  })

  it('leads a Service that asks for both to a pod of the other machine by IPv6, by address and by name', async () => {
    const { clusterIPs, ipFamilies } = await create('web', { ipFamilyPolicy: 'PreferDualStack' })
    assert.deepEqual(ipFamilies, ['IPv4', 'IPv6'])
    const [ipv4, ipv6] = clusterIPs
    assert.match(ipv6, IPV6)
    for (const address of [ipv6, ipv4]) {
      const answer = /^far sees /
      await eventually(`${address} leads there`, async () =>
        answer.test(await cloud.exec('near', get(address, 80))),
      )
    }
    assert.equal(await cloud.exec('near', get(ipv6, 80)), `far sees ${await ipv6Of('near')}`)
    const named = await cloud.exec('near', 'nslookup -type=aaaa web.default.svc.cluster.local')
    assert.ok(named.includes(ipv6), named)
    await create('pods', { ipFamilyPolicy: 'RequireDualStack', clusterIP: 'None' })
    const far = await ipv6Of('far')
    await eventually('the name of the pods has the address of IPv6', async () =>
      (await cloud.exec('near', 'nslookup -type=aaaa pods.default.svc.cluster.local')).includes(far),
    )
  })

  it('leads a Service of IPv6 alone, and leaves one that asks for nothing with IPv4', async () => {
    const { clusterIP } = await create('six', { ipFamilies: ['IPv6'] })
    assert.match(clusterIP, IPV6)
    await eventually('it leads there', async () =>
      /^far sees fd/.test(await cloud.exec('near', get('six', 80))),
    )
    const { clusterIPs } = await create('four', {})
    assert.equal(clusterIPs.length, 1)
    assert.doesNotMatch(clusterIPs[0], IPV6)
  })

  it('has nodes and pods in their network with an address of each, as endpoints of Services too', async () => {
    const { items } = await cloud.client.resource(NODES).list({})
    const addresses = items.map(({ status, spec }) => [
      spec!['podCIDRs'][1].replace('::/64', '::1'),
      ...status!['addresses']
        .filter(({ type }: { type: string }) => type === 'InternalIP')
        .map(({ address }: { address: string }) => address),
    ])
    for (const [ipv6, first, second] of addresses) {
      assert.match(first, /^198\.18\./)
      assert.equal(second, ipv6)
    }
    const pods = [both('host-one', 'one'), both('host-two', 'two')]
    for (const one of pods) one['spec'].hostNetwork = true
    await start(...pods)
    await running('host-one', 'host-two')
    const { podIPs, hostIPs } = (await pod('host-two')).status!
    assert.deepEqual(podIPs, hostIPs)
    const [hostOne, hostTwo] = [await ipv6Of('host-one'), await ipv6Of('host-two')]
    assert.deepEqual([hostOne, hostTwo].sort(), addresses.map(([ipv6]) => ipv6).sort())
    for (const name of ['host-one', 'host-two'])
      await create(name, { selector: { app: name }, ipFamilies: ['IPv6'] })
    for (const [from, to] of [
      ['near', 'host-one'],
      ['near', 'host-two'],
      ['host-one', 'host-two'],
      ['host-two', 'far'],
    ] as const)
      assert.match(
        await cloud.exec(from, get(await ipv6Of(to))),
        new RegExp(`^${to} sees fd`),
        `${from} ${to}`,
      )
    for (const from of ['near', 'far', 'host-one'])
      for (const to of ['host-one', 'host-two'])
        await eventually(`${from} reaches the Service of ${to}`, async () =>
          (await cloud.exec(from, get(await clusterIp(to), 80))).startsWith(`${to} sees fd`),
        )
  })

  it('keeps a pod from whom its policy does not name, by IPv6 too', async () => {
    const from = [{ podSelector: { matchLabels: { role: 'friend' } } }]
    await start({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'far', namespace: 'default' },
      spec: { podSelector: { matchLabels: { app: 'far' } }, policyTypes: ['Ingress'], ingress: [{ from }] },
    })
    const far = await ipv6Of('far')
    await eventually('a stranger is kept out', async () => NOTHING.test(await cloud.exec('near', get(far))))
    const stopped = await check('near', `[${far}]:${PORT}`)
    assert.equal(stopped.code, 1)
    assert.match(stopped.out, /NetworkPolicy default\/far of far:\d+ does not let near in at this port/)
    assert.match(await cloud.exec('friend', get(far)), /^far sees fd/)
    assert.match(await cloud.exec('near', get('six', 80)), NOTHING)
    await cloud.kubectl(['delete', 'networkpolicy', 'far'])
    await eventually('all are let in again', async () => /^far sees/.test(await cloud.exec('near', get(far))))
    for (const to of ['svc/web:80', 'six:80', `pod/far:${PORT}`]) {
      const { code, out } = await check('near', to)
      assert.equal(code, 0, out)
      assert.match(out, /no policy stops it; a connection was made\.$/m)
    }
  })

  it('gives a Service an address of the LAN of each family, which one machine answers for', async () => {
    const pool = [cloud.lan.address(201), (await cloud.lan.addIpv6())(201)]
    const map = ['create', 'configmap', 'load-balancer-addresses', '-n', 'kube-system']
    const made = await cloud.kubectl([...map, `--from-literal=addresses=${pool.join()}`])
    assert.equal(made.code, 0, made.stderr)
    await create('public', { type: 'LoadBalancer', ipFamilyPolicy: 'RequireDualStack' })
    for (const address of pool) {
      const host = address.includes(':') ? `[${address}]` : address
      await eventually(`${host} is reached from the LAN`, async () => {
        const answer = await fetch(`http://${host}/`, { signal: AbortSignal.timeout(2_000) })
        return /^far sees /.test(await answer.text())
      })
      await assert.rejects(fetch(`http://${host}:10250/`, { signal: AbortSignal.timeout(5_000) }))
      assert.match(await cloud.exec('near', get(address, 80)), /^far sees /)
    }
  })

  it('goes on when the agent of the second machine is killed and started again', async () => {
    const far = await ipv6Of('far')
    await cloud.two.process.kill('SIGKILL')
    assert.match(await cloud.exec('near', get(far)), /^far sees fd/)
    await cloud.join(['join'])
    assert.match(await cloud.exec('near', get('six', 80)), /^far sees fd/)
    assert.equal(await ipv6Of('far'), far)
    await start(both('new', 'two'))
    await running('new')
    assert.match(await cloud.exec('near', get(await ipv6Of('new'))), /^new sees fd/)
  })
})

/** By both families. */
function both(name: string, nodeName: string, labels: Record<string, string> = {}) {
  return web(name, nodeName, labels, '[::]')
}
