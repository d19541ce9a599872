import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { HostPort } from '../network/nft-rules.ts'
import { HostPorts } from './host-ports.ts'

const pod = (hostPort: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort }] }] },
})

it('host ports that could not be set are set at the next look, with those of others', async () => {
  const told: number[][] = []
  let isBroken = true
  const ports = new HostPorts({
    async set(all: readonly HostPort[]) {
      if (isBroken) throw new Error('nft says no')
      told.push(all.map(({ hostPort }) => hostPort))
    },
    ownPorts: () => [],
    onRefused: () => assert.fail('none is refused'),
  })
  await assert.rejects(ports.update('a', pod(81), ['10.42.0.2']), /nft says no/)
  isBroken = false
  await ports.update('b', pod(82), ['10.42.0.3'])
  await ports.update('a', pod(81), ['10.42.0.2'])
  await ports.update('a', pod(81), ['10.42.0.2'])
  assert.deepEqual(told, [
    [81, 82],
    [81, 82],
  ])
  isBroken = true
  await assert.rejects(ports.update('a', undefined, []), /nft says no/)
  isBroken = false
  await ports.update('a', undefined, [])
  assert.deepEqual(told.at(-1), [82])
})

it("a host port that is the node's own leads nowhere else, which is said once", async () => {
  let told: number[] = []
  const said: string[] = []
  const ports = new HostPorts({
    async set(all) {
      told = all.map(({ hostPort }) => hostPort)
    },
    ownPorts: () => [22, 6443],
    onRefused: (_, message) => said.push(message),
  })
  await ports.update('a', pod(6443), ['10.42.0.2'])
  await ports.update('a', pod(6443), ['10.42.0.2'])
  await ports.update('b', pod(8080), ['10.42.0.3'])
  assert.deepEqual(told, [8080])
  assert.deepEqual(said, [
    "hostPort 6443 is the node's own and does not lead to the pod; use another hostPort",
  ])
})
