import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { DNS_ZONES } from '@brume/client/builtin'
import { Informers } from '@brume/client/informers'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { dnsZones } from '../dns-zones/controller.ts'

let plane: TestControlPlane

before(async () => {
  plane = await startTestControlPlane()
})
after(() => plane.stop())

test('zones are still heard of when all objects have been looked at again', { timeout: 60_000 }, async () => {
  const { client } = plane
  const shared = { client, clock: systemClock, logger: silentLogger, random: Math.random }
  const informers = new Informers(shared)
  const [source] = dnsZones({ ...shared, informers }).sources
  const create = (name: string) =>
    client.resource(DNS_ZONES).create({
      apiVersion: 'brume.dev/v1',
      kind: 'DnsZone',
      metadata: { name },
      spec: { zone: `${name}.example`, forward: {} },
    })
  const heard = new Set<string>()
  let stop = source!.start((name) => void heard.add(name))
  informers.start()
  try {
    await create('first')
    await eventually('the first is heard of', () => heard.has('first'))
    // As a queue that overflowed does it.
    stop()
    stop = source!.start((name) => void heard.add(name))
    await create('second')
    await eventually('the second is heard of', () => heard.has('second'))
    assert.deepEqual([...heard].sort(), ['first', 'second'])
  } finally {
    stop()
    await informers.stop()
  }
})
