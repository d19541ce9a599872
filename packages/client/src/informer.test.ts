import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { silentLogger } from '@brume/base/log'
import { PODS } from './builtin.ts'
import { Client } from './client.ts'
import { Informer } from './informer.ts'
import { fakeClock } from './testing/fake-clock.ts'
import {
  FedWatch,
  jsonResponse,
  pod,
  type Script,
  ScriptedTransport,
  statusResponse,
  type WatchMedium,
} from './testing/scripted-transport.ts'

function harness(script: Script) {
  const clock = fakeClock()
  const transport = new ScriptedTransport(script)
  const client = new Client({ transport, clock })
  const informer = new Informer({
    resource: client.resource(PODS),
    clock,
    random: () => 0,
    logger: silentLogger,
  })
  const seen: string[] = []
  informer.addHandler({
    add: (o) => seen.push(`+${o.metadata.name}@${o.metadata.resourceVersion}`),
    update: (o, p) =>
      seen.push(`~${o.metadata.name}@${p.metadata.resourceVersion}>${o.metadata.resourceVersion}`),
    delete: (o) => seen.push(`-${o.metadata.name}@${o.metadata.resourceVersion}`),
  })
  return { clock, transport, informer, seen }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Answers each watch with the next of `watches`. */
function watches(...all: FedWatch[]): Script {
  const rest = [...all]
  return (request) => {
    const next = rest.shift()
    assert.ok(next, `no watch is left for ${request.url}`)
    return next.response(request.signal)
  }
}

const MEDIA: readonly WatchMedium[] = ['bytes', 'objects']

for (const medium of MEDIA)
  describe(`informer of a watch that comes as ${medium}`, () => {
    const fed = () => new FedWatch(medium)

    it('is synced only when the end of the initial events has come, and then follows the watch', async () => {
      const watch = fed()
      const { informer, seen, transport } = harness(watches(watch))
      informer.start()
      const first = await transport.seen(1)
      assert.equal(first.parameters.get('sendInitialEvents'), 'true')
      assert.equal(first.parameters.get('resourceVersionMatch'), 'NotOlderThan')
      watch.event('ADDED', pod('a', 3)).event('ADDED', pod('b', 2))
      await settled()
      assert.equal(informer.hasSynced, false)
      watch.bookmark('5', true)
      await informer.synced()
      assert.deepEqual(seen, ['+a@3', '+b@2'])
      watch.event('MODIFIED', pod('a', 6)).event('DELETED', pod('b', 7)).event('ADDED', pod('c', 8))
      await settled()
      assert.deepEqual(seen.slice(2), ['~a@3>6', '-b@7', '+c@8'])
      assert.deepEqual(
        informer.store.list('ns').map((o) => o.metadata.name),
        ['a', 'c'],
      )
      await informer.stop()
    })

    it('gives frozen objects without managedFields', async () => {
      const watch = fed()
      const { informer } = harness(watches(watch))
      informer.start()
      watch.event('ADDED', pod('a', 3, { managedFields: [{ manager: 'm' }] })).bookmark('3', true)
      await informer.synced()
      const object = informer.store.get('ns', 'a')!
      assert.equal(object.metadata.managedFields, undefined)
      assert.throws(() => {
        object.metadata.name = 'b'
      }, TypeError)
      await informer.stop()
    })

    it('holds what the objects of a list have in common once', async () => {
      const watch = fed()
      const { informer } = harness(watches(watch))
      informer.start()
      const labels = { app: 'web', tier: 'front' }
      watch
        .event('ADDED', pod('a', 3, { labels }))
        .event('ADDED', pod('b', 4, { labels }))
        .bookmark('4', true)
      await informer.synced()
      const [a, b] = [informer.store.get('ns', 'a')!, informer.store.get('ns', 'b')!]
      assert.equal(a.metadata.labels, b.metadata.labels)
      watch
        .event('MODIFIED', pod('a', 5, { labels: { app: 'web' } }))
        .event('MODIFIED', pod('a', 6, { labels }))
      await settled()
      assert.deepEqual(informer.store.get('ns', 'a'), pod('a', 6, { labels }))
      assert.deepEqual(informer.store.get('ns', 'b'), pod('b', 4, { labels }))
      await informer.stop()
    })

    it('falls back to list and watch where the server refuses streaming lists', async () => {
      const watch = fed()
      const { informer, seen, transport } = harness((request) => {
        if (request.parameters.has('sendInitialEvents')) return statusResponse(422, 'Invalid', 'forbidden')
        if (request.parameters.has('watch')) return watch.response(request.signal)
        if (request.parameters.get('continue') === 'page2') {
          return jsonResponse(200, { metadata: { resourceVersion: '9' }, items: [pod('b', 4)] })
        }
        return jsonResponse(200, {
          metadata: { resourceVersion: '9', continue: 'page2' },
          items: [pod('a', 3)],
        })
      })
      informer.start()
      await informer.synced()
      assert.deepEqual(seen, ['+a@3', '+b@4'])
      const last = await transport.seen(4)
      assert.equal(last.parameters.get('resourceVersion'), '9')
      await informer.stop()
    })

    it('goes on from the last bookmark after a lost connection, without listing again', async () => {
      const [first, second] = [fed(), fed()]
      const { informer, seen, transport, clock } = harness(watches(first, second))
      informer.start()
      first.event('ADDED', pod('a', 3)).bookmark('5', true).bookmark('40').reset()
      await informer.synced()
      await clock.advance(2000)
      const again = await transport.seen(2)
      assert.equal(again.parameters.get('resourceVersion'), '40')
      assert.equal(again.parameters.has('sendInitialEvents'), false)
      second.event('MODIFIED', pod('a', 41))
      await settled()
      assert.deepEqual(seen, ['+a@3', '~a@3>41'])
      await informer.stop()
    })

    it('lists again after 410, and tells what vanished and what was made anew meanwhile', async () => {
      const [first, second] = [fed(), fed()]
      const { informer, seen, transport, clock } = harness(watches(first, second))
      informer.start()
      first.event('ADDED', pod('a', 3)).event('ADDED', pod('b', 4)).event('ADDED', pod('same', 5))
      first.bookmark('5', true)
      await informer.synced()
      first.event('ERROR', { kind: 'Status', reason: 'Expired', code: 410, message: 'too old' })
      await clock.advance(2000)
      assert.equal((await transport.seen(2)).parameters.get('sendInitialEvents'), 'true')
      second
        .event('ADDED', pod('b', 90, { uid: 'another' }))
        .event('ADDED', pod('same', 5))
        .bookmark('99', true)
      await settled()
      await settled()
      assert.deepEqual(seen.slice(3), ['-b@4', '+b@90', '-a@3'])
      await informer.stop()
    })

    it('does not trust a stream whose revisions go back', async () => {
      const [first, second] = [fed(), fed()]
      const { informer, seen, transport, clock } = harness(watches(first, second))
      informer.start()
      first.bookmark('5', true)
      await informer.synced()
      first.event('DELETED', pod('a', 9)).event('MODIFIED', pod('a', 8))
      await clock.advance(2000)
      assert.equal((await transport.seen(2)).parameters.get('sendInitialEvents'), 'true')
      second.bookmark('10', true)
      await settled()
      assert.deepEqual(seen, [])
      assert.equal(informer.store.size, 0)
      await informer.stop()
    })

    it('waits longer and longer while the server cannot be reached, and recovers', async () => {
      const watch = fed()
      const times: number[] = []
      const { informer, clock } = harness((request) => {
        times.push(clock.now())
        if (times.length <= 4) return statusResponse(503, 'ServiceUnavailable', 'starting')
        return watch.response(request.signal)
      })
      informer.start()
      await clock.advance(20_000)
      const gaps = times.slice(1).map((t, i) => t - times[i]!)
      assert.deepEqual(gaps, [800, 1600, 3200, 6400])
      watch.bookmark('1', true)
      await informer.synced()
      await informer.stop()
    })

    it('lists again when the initial events end without their mark', async () => {
      const [first, second] = [fed(), fed()]
      const { informer, clock } = harness(watches(first, second))
      informer.start()
      first.event('ADDED', pod('a', 3)).end()
      await clock.advance(2000)
      assert.equal(informer.hasSynced, false)
      second.event('ADDED', pod('a', 3)).bookmark('4', true)
      await informer.synced()
      await informer.stop()
    })

    it('keeps its indexes right through updates and deletions', async () => {
      const watch = fed()
      const { informer } = harness(watches(watch))
      informer.addIndex('label', (o: KubeObject) => Object.values(o.metadata.labels ?? {}))
      informer.start()
      watch.event('ADDED', pod('a', 3, { labels: { app: 'x' } })).bookmark('3', true)
      await informer.synced()
      assert.equal(informer.store.byIndex('label', 'x').length, 1)
      watch.event('MODIFIED', pod('a', 4, { labels: { app: 'y' } }))
      await settled()
      assert.equal(informer.store.byIndex('label', 'x').length, 0)
      assert.equal(informer.store.byIndex('label', 'y').length, 1)
      watch.event('DELETED', pod('a', 5, { labels: { app: 'y' } }))
      await settled()
      assert.equal(informer.store.byIndex('label', 'y').length, 0)
      await informer.stop()
    })
  })
