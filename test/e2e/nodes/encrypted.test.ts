// Two machines that only speak encrypted to each other: pods reach each other, and the wire sees neither their addresses nor
// their words. Where the kernel has no WireGuard, wireguard-go does its part, and nothing else is different.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { WIREGUARD_KEY } from '@brume/api/network'
import { NODES, PODS } from '@brume/client/builtin'
import { findExecutable } from '@brume/machine/executables'
import { ownNames } from '@brume/machine/own-names'
import { run } from '@brume/machine/run'
import { whyNoBusybox } from '@brume/testkit/busybox-image'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { isReady } from '../apps/cloud.ts'
import { kubectls } from '../kubectl/kubectls.ts'
import { inside, type Machine, whyNoMachines } from './lan.ts'
import { startTwoMachines, type TwoMachines } from './two-machines.ts'
import { PORT, web } from './web-pod.ts'

const inKernel = await run(['unshare', '--net', 'ip', 'link', 'add', 'probe', 'type', 'wireguard']).then(
  () => true,
  () => false,
)
const noWireguard =
  findExecutable('wg') === undefined
    ? 'wg is not installed'
    : !inKernel && findExecutable('wireguard-go') === undefined
      ? 'neither the kernel has WireGuard nor is wireguard-go installed'
      : undefined
const noKubectl = kubectls().length === 0 ? 'kubectl is not installed' : undefined
const skip =
  noWireguard ?? whyNoContainers() ?? whyNoBusybox() ?? noKubectl ?? (await whyNoMachines()) ?? false

const hasIpv6 = existsSync('/proc/sys/net/ipv6')

describe('a cloud whose machines only speak encrypted to each other', { skip, timeout: 180_000 }, () => {
  let cloud: TwoMachines
  const programs: ReturnType<typeof spawn>[] = []

  /** What the kernel does by itself. */
  async function program(machine: Machine, dataDir: string): Promise<void> {
    if (inKernel) return
    const { wireguard } = ownNames(dataDir)
    const command = [`--net=${machine.netns}`, 'wireguard-go', '--foreground', wireguard]
    programs.push(spawn('nsenter', command, { stdio: 'ignore' }))
    await eventually('the device is there', () => inside(machine, ['ip', 'link', 'show', wireguard]))
  }
  const address = async (name: string): Promise<string> =>
    (await cloud.client.resource(PODS).get({ namespace: 'default', name })).status!['podIP']
  const ask = async (from: string, to: string) =>
    cloud.exec(from, `timeout 5 wget -q -O - http://${await address(to)}:${PORT}/ || echo nothing`)

  before(async () => {
    cloud = await startTwoMachines({
      options: ['--encryption', 'required'],
      upOptions: hasIpv6 ? ['--ip-families', 'IPv4,IPv6'] : [],
      before: program,
    })
    const host = hasIpv6 ? '[::]' : '0.0.0.0'
    const items = [web('near', 'one', {}, host), web('far', 'two', {}, host)]
    const list = { apiVersion: 'v1', kind: 'List', items }
    const { code, stderr } = await cloud.kubectl(['apply', '-f', '-'], JSON.stringify(list))
    assert.equal(code, 0, stderr)
    await eventually('both pods run', async () => {
      const { items } = await cloud.client.resource(PODS).list({ namespace: 'default' })
      return items.length === 2 && items.every(isReady)
    })
  })
  after(async () => {
    await cloud?.stop()
    for (const child of programs) child.kill()
  })

  it('shows the public half of a key on each node, and keeps the other half to itself', async () => {
    const { items } = await cloud.client.resource(NODES).list({})
    const keys = items.map(({ metadata }) => metadata.annotations?.[WIREGUARD_KEY])
    assert.equal(new Set(keys).size, 2)
    for (const { dataDir } of [cloud.one, cloud.two])
      assert.equal(statSync(join(dataDir, 'node', 'pki', 'wireguard.key')).mode & 0o777, 0o600)
  })

  it('carries pod to pod both ways under their own addresses, and nothing on the wire but encrypted tunnels', async () => {
    await eventually('they reach each other', async () => /^far sees/.test(await ask('near', 'far')))
    const seen = () => Promise.all([cloud.lan.seen(cloud.one), cloud.lan.seen(cloud.two)])
    const earlier = await seen()
    assert.equal(await ask('near', 'far'), `far sees ${await address('near')}`)
    assert.equal(await ask('far', 'near'), `near sees ${await address('far')}`)
    const later = await seen()
    for (const [i, { encrypted, tunnel, bare }] of later.entries()) {
      assert.equal(encrypted - earlier[i]!.encrypted >= 6, true, JSON.stringify({ earlier, later }))
      assert.deepEqual([tunnel, bare], [0, 0])
    }
  })

  it('carries IPv6 the same way', { skip: hasIpv6 ? false : 'this kernel has no IPv6' }, async () => {
    const ipv6 = async (name: string): Promise<string> =>
      (await cloud.client.resource(PODS).get({ namespace: 'default', name })).status!['podIPs'][1].ip
    const [near, far] = [await ipv6('near'), await ipv6('far')]
    const seen = () => Promise.all([cloud.lan.seen(cloud.one), cloud.lan.seen(cloud.two)])
    const earlier = await seen()
    const heard = await cloud.exec('near', `timeout 5 wget -q -O - http://[${far}]:${PORT}/ || echo nothing`)
    assert.equal(heard, `far sees ${near}`)
    for (const [i, { encrypted, tunnel, bare }] of (await seen()).entries()) {
      assert.equal(encrypted - earlier[i]!.encrypted >= 3, true)
      assert.deepEqual([tunnel, bare], [0, 0])
    }
  })

  it('carries more than one frame holds', async () => {
    const fetched = `wget -q -O - http://${await address('far')}:${PORT}/busybox | md5sum`
    assert.equal(await cloud.exec('near', fetched), await cloud.exec('far', 'md5sum < /bin/busybox'))
  })

  it('does not reach a machine that shows no key, and says so', async () => {
    await cloud.client.resource(NODES).create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'open' } })
    await eventually('it is said', async () => {
      const { stdout } = await cloud.kubectl(['get', 'events', '-A', '-o', 'jsonpath={.items[*].message}'])
      return stdout.includes('pods of open are not reached')
    })
  })
})
