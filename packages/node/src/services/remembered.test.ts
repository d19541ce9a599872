import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Route } from '@brume/api/network/service-model'
import { type Elements, elementsOf } from './elements.ts'
import { Owners } from './owners.ts'
import { holdsIn, losesRemembered, parseRemembered } from './remembered.ts'

const route = (ip: string | undefined, port: number, backends: string[], stickySeconds?: number): Route => ({
  frontend: { ip, protocol: 'tcp', port },
  behaviour: {
    type: 'forward',
    backends: backends.map((backend) => ({ ip: backend, port: 8080 })),
    ...(stickySeconds === undefined ? {} : { stickySeconds }),
  },
})
const one = (frontend: string, backend: string) => ({
  frontend,
  client: '192.0.2.1',
  backend: `${backend} . 8080`,
  timeoutSeconds: 10,
  leftSeconds: 5,
})

describe('what the kernel remembers of clients', () => {
  it('holds while the Service has affinity and the backend', () => {
    const owners = new Owners()
    owners.update(
      'd/s',
      elementsOf([
        route('10.96.0.1', 80, ['10.42.0.1', '10.42.0.2'], 10),
        route(undefined, 30_080, ['10.42.0.1'], 10),
        route('10.96.0.2', 80, ['10.42.0.1']),
      ]),
    )
    const holds = holdsIn((map, key) => owners.value(map, key))
    assert.equal(holds(one('10.96.0.1 . tcp . 80', '10.42.0.2')), true)
    assert.equal(holds(one('10.96.0.1 . tcp . 80', '10.42.0.3')), false)
    assert.equal(holds(one('10.96.0.1 . udp . 80', '10.42.0.2')), false)
    assert.equal(holds(one('10.96.0.2 . tcp . 80', '10.42.0.1')), false)
    assert.equal(holds(one('198.51.100.2 . tcp . 30080', '10.42.0.1')), true)
    assert.equal(holds(one('198.51.100.2 . tcp . 30080', '10.42.0.2')), false)
  })

  it('is looked at when a backend or the affinity goes, and not when one comes or the order changes', () => {
    const of = (backends: string[], seconds?: number) =>
      elementsOf([route('10.96.0.1', 80, backends, seconds)])
    const none: Elements = new Map()
    assert.equal(losesRemembered(none, of(['10.42.0.2'], 10)), false)
    assert.equal(losesRemembered(of(['10.42.0.2'], 10), of(['10.42.0.1', '10.42.0.2'], 10)), false)
    assert.equal(losesRemembered(of(['10.42.0.2'], 10), of(['10.42.0.2'], 20)), false)
    assert.equal(losesRemembered(of(['10.42.0.1', '10.42.0.2'], 10), of(['10.42.0.2'], 10)), true)
    assert.equal(losesRemembered(of(['10.42.0.2'], 10), of(['10.42.0.2'])), true)
    assert.equal(losesRemembered(of(['10.42.0.2'], 10), none), true)
    assert.equal(losesRemembered(of(['10.42.0.2']), none), false)
  })

  it('is read from nft, which may write protocols as numbers', () => {
    const key = { elem: { val: { concat: ['10.96.0.1', 17, 53, '192.0.2.1'] }, timeout: 10, expires: 5 } }
    const json = { nftables: [{ metainfo: {} }, { map: { elem: [[key, { concat: ['10.42.0.1', 8080] }]] } }] }
    assert.deepEqual(parseRemembered(JSON.stringify(json)), [one('10.96.0.1 . udp . 53', '10.42.0.1')])
    assert.deepEqual(parseRemembered('{"nftables": [{"map": {"name": "remembered"}}]}'), [])
  })
})
