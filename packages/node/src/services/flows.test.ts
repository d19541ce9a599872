import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Route } from '@brume/api/network/service-model'
import { silentLogger } from '@brume/base/log'
import { eventually } from '@brume/testkit/eventually'
import { type Elements, elementsOf } from './elements.ts'
import { deletion, parseFlow, staleIn, touchedUdp } from './flows.ts'
import { Owners } from './owners.ts'
import { StaleFlows } from './stale-flows.ts'

const route = (ip: string | undefined, backends: string[], protocol: 'tcp' | 'udp' = 'udp'): Route => ({
  frontend: { ip, protocol, port: ip === undefined ? 30_053 : 53 },
  behaviour:
    backends.length === 0
      ? { type: 'refuse' }
      : { type: 'forward', backends: backends.map((one) => ({ ip: one, port: 8053 })) },
})
const NONE: Elements = new Map()
const line = (dst: string, port: number, from: string, state = '') =>
  `udp      17 29 src=10.42.0.9 dst=${dst} sport=4000 dport=${port} ${state}src=${from} dst=10.42.0.9 sport=8053 dport=4000 mark=0 use=1`

describe('a flow of UDP', () => {
  it('is read from what conntrack lists, answered or not, of both families', () => {
    for (const state of ['', '[UNREPLIED] ', 'packets=1 bytes=29 [UNREPLIED] ']) {
      const flow = parseFlow(line('10.96.0.1', 53, '10.42.0.7', state))
      assert.deepEqual(flow, { dst: '10.96.0.1', port: 53, backend: '10.42.0.7 . 8053' })
    }
    assert.deepEqual(parseFlow(line('fd00::96:1', 53, 'fd00::7')), {
      dst: 'fd00::96:1',
      port: 53,
      backend: 'fd00::7 . 8053',
    })
    assert.equal(parseFlow('conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.'), undefined)
    assert.equal(parseFlow(line('10.96.0.1', 53, '10.42.0.7').replace('udp', 'tcp')), undefined)
  })

  it('is stale when its backend is not behind the address or the node port any more, and nobody else is', () => {
    const owners = new Owners()
    owners.update(
      'd/s',
      elementsOf([
        route('10.96.0.1', ['10.42.0.7']),
        {
          ...route('192.0.2.7', []),
          behaviour: { type: 'drop' },
          inside: route('', ['10.42.1.7']).behaviour,
        },
        route(undefined, ['10.42.0.7']),
        route('10.96.0.2', []),
      ]),
    )
    const view = {
      touched: new Set([
        '10.96.0.1 . udp . 53',
        '192.0.2.7 . udp . 53',
        'udp . 30053',
        '10.96.0.2 . udp . 53',
      ]),
      valueFor: (map: Parameters<typeof owners.value>[0], key: string) => owners.value(map, key),
      addresses: new Set(['198.51.100.2']),
    }
    const stale = (dst: string, port: number, from: string, number = 8053) =>
      staleIn(view)({ dst, port, backend: `${from} . ${number}` })
    assert.equal(stale('10.96.0.1', 53, '10.42.0.7'), false)
    assert.equal(stale('10.96.0.1', 53, '10.42.0.8'), true)
    assert.equal(stale('10.96.0.1', 53, '10.42.0.7', 8054), true)
    assert.equal(stale('192.0.2.7', 53, '10.42.1.7'), false)
    assert.equal(stale('192.0.2.7', 53, '10.42.0.7'), true)
    assert.equal(stale('10.96.0.2', 53, '10.42.0.7'), true)
    assert.equal(stale('198.51.100.2', 30_053, '10.42.0.8'), true)
    assert.equal(stale('203.0.113.1', 30_053, '10.42.0.8'), false, 'the port of another machine')
    assert.equal(stale('10.96.0.1', 54, '10.42.0.8'), false, 'of a port that did not change')
    // Without translation: from before the rules were there, or of a program of the node.
    assert.equal(stale('10.96.0.1', 53, '10.96.0.1', 53), true)
    owners.update('d/s', NONE)
    assert.equal(stale('198.51.100.2', 30_053, '198.51.100.2', 30_053), false)
    assert.equal(stale('198.51.100.2', 30_053, '10.42.0.7'), true)
  })

  it('is looked for when something of UDP comes, goes or changes, at that address and port alone', () => {
    const udp = elementsOf([route('10.96.0.1', ['10.42.0.7']), route(undefined, ['10.42.0.7'])])
    const more = elementsOf([route('10.96.0.1', ['10.42.0.7', '10.42.0.8']), route(undefined, ['10.42.0.7'])])
    assert.deepEqual([...touchedUdp(udp, NONE)].sort(), ['10.96.0.1 . udp . 53', 'udp . 30053'])
    assert.deepEqual([...touchedUdp(udp, more)], ['10.96.0.1 . udp . 53'])
    assert.deepEqual([...touchedUdp(udp, udp)], [])
    assert.deepEqual([...touchedUdp(NONE, elementsOf([route('10.96.0.1', ['10.42.0.7'], 'tcp')]))], [])
  })

  it('is ended by a command that names what was asked and who is not to answer', () => {
    assert.equal(
      deletion('ip6', { dst: 'fd00::96:1', port: 53, backend: 'fd00::7 . 8053' }).join(' '),
      '-D -f ipv6 -p udp --orig-dst fd00::96:1 --orig-port-dst 53 --reply-src fd00::7 --reply-port-src 8053',
    )
  })

  it('is missed in one sentence where conntrack is not installed', async () => {
    const told: string[] = []
    let looks = 0
    const flows = new StaleFlows({
      valueFor: () => () => undefined,
      clock: {
        now: () => 0,
        after(_, fn) {
          looks++
          setImmediate(fn)
          return { cancel() {} }
        },
      },
      logger: { ...silentLogger, warn: (message) => told.push(message) },
      program: 'conntrack-is-not-there',
    })
    flows.touch('ip', ['udp . 53'])
    await eventually('somebody is told', () => told.length > 0 || undefined)
    flows.touch('ip', ['udp . 54'])
    flows.touch('ip6', ['udp . 54'])
    assert.equal(looks, 1)
    assert.equal(told.length, 1)
    assert.match(told[0]!, /^conntrack is not installed: .*install it/)
  })
})
