// Which rule a request finds, as HAProxy itself decides it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { RealEdge } from '@brume/testkit/real-edge'
import type { ValueMatch } from '../model.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const exactly = (name: string, value: string): ValueMatch => ({ name, value, regex: false })
const like = (name: string, value: string): ValueMatch => ({ name, value, regex: true })

describe('a request finds', { skip, timeout: 120_000 }, () => {
  const edge = new RealEdge()
  const heard = edge.heard.bind(edge)

  before(async () => {
    await edge.listen()
    for (const name of [
      'plain',
      'post',
      'one',
      'two',
      'query',
      'regex',
      'deep',
      'deeper',
      'any',
      'inner',
      'old',
      'odd',
    ])
      await edge.serve(name)
    const { route } = { route: edge.route.bind(edge) }
    await edge.apply(
      edge.model(
        route('a.example', '/', 'plain'),
        route('a.example', '/m', 'post', { method: 'POST' }),
        route('a.example', '/m', 'query', { method: 'PATCH' }),
        route('a.example', '/m', 'two', { headers: [exactly('X-A', '1'), exactly('x-b', '2')] }),
        route('a.example', '/m', 'one', { headers: [exactly('x-a', '1')] }),
        route('a.example', '/m', 'query', { query: [exactly('v', 'a b')] }),
        route('a.example', '/m/inner', 'inner', { headers: [like('x-in', '[a-z]+')] }),
        route('a.example', '=/m/exact', 'old', { headers: [exactly('x-a', '1')], order: '1' }),
        route('a.example', '=/m/exact', 'one', { headers: [exactly('x-a', '1')], order: '2' }),
        route('only.example', '/c', 'one', { headers: [exactly('x-a', '1')] }),
        route('only.example', '~/r/[0-9]+', 'regex'),
        route('only.example', '~/r/.*', 'post', { method: 'POST' }),
        route('*.deep.example', '/', 'deep'),
        route('*.more.deep.example', '/x', 'deeper'),
        route('odd.example', '/', 'odd', {
          headers: [exactly('x-odd', `}'" \\ \${HOME} %[src] # -f`)],
          query: [exactly('a[b]', "it's }")],
        }),
        route('', '/', 'any'),
      ),
    )
  })
  after(() => edge.close())

  const withHeaders = (headers: Record<string, string>) => ({ headers })

  it('the method before headers, more headers before less, headers before queries, and the prefix that is left', async () => {
    assert.equal(await heard('a.example', '/m'), 'plain')
    assert.equal(await heard('a.example', '/m?v=a+b'), 'query')
    assert.equal(await heard('a.example', '/m?x=1&v=a%20b'), 'query')
    assert.equal(await heard('a.example', '/m?v=ab'), 'plain')
    assert.equal(await heard('a.example', '/m?v=a+b', withHeaders({ 'x-a': '1' })), 'one')
    assert.equal(await heard('a.example', '/m/x', withHeaders({ 'x-a': '1', 'x-b': '2' })), 'two')
    const both = { method: 'POST', headers: { 'x-a': '1', 'x-b': '2' } }
    assert.equal(await heard('a.example', '/m', both), 'post')
    assert.equal(await heard('a.example', '/m', { method: 'PATCH' }), 'query')
    assert.equal(await heard('a.example', '/m', { method: 'PURGE' }), 'plain')
  })

  it('the next shorter prefix when the conditions of the longest do not hold', async () => {
    assert.equal(await heard('a.example', '/m/inner', withHeaders({ 'x-in': 'abc' })), 'inner')
    assert.equal(await heard('a.example', '/m/inner', withHeaders({ 'x-in': 'abc1' })), 'plain')
    assert.equal(await heard('a.example', '/m/inner', withHeaders({ 'x-in': 'abc1', 'x-a': '1' })), 'one')
    assert.equal(await heard('a.example', '/m/exact', { method: 'POST' }), 'post')
    assert.equal(await heard('a.example', '/m/exact/', withHeaders({ 'x-a': '1' })), 'one')
  })

  it('the older of two that ask for the same', async () => {
    assert.equal(await heard('a.example', '/m/exact', withHeaders({ 'x-a': '1' })), 'old')
  })

  it('regular expressions of the whole path after all prefixes, and another host when nothing of its own holds', async () => {
    assert.equal(await heard('only.example', '/r/12'), 'regex')
    assert.equal(await heard('only.example', '/r/12', { method: 'POST' }), 'post')
    assert.equal(await heard('only.example', '/r/12a'), 'any')
    assert.equal(await heard('only.example', '/c', withHeaders({ 'x-a': '1' })), 'one')
    assert.equal(await heard('only.example', '/c'), 'any')
  })

  it('wildcards of any depth, the longest first, and never their own domain', async () => {
    assert.equal(await heard('x.deep.example', '/x'), 'deep')
    assert.equal(await heard('y.x.deep.example', '/x'), 'deep')
    assert.equal(await heard('x.more.deep.example', '/x'), 'deeper')
    assert.equal(await heard('x.more.deep.example', '/y'), 'deep')
    assert.equal(await heard('deep.example', '/x'), 'any')
  })

  it('values with anything in them, taken literally', async () => {
    const odd = { 'x-odd': `}'" \\ \${HOME} %[src] # -f` }
    assert.equal(await heard('odd.example', "/?a[b]=it's+%7D", withHeaders(odd)), 'odd')
    assert.equal(await heard('odd.example', '/?a[b]=its', withHeaders(odd)), 'any')
  })
})
