import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { AgentError } from './agent-error.ts'
import { routeOf } from './routes.ts'
import { commandStreams, portsOf } from './stream-query.ts'

const route = (method: string, url: string) => {
  const found = routeOf({ method, url })
  return 'query' in found ? { ...found, query: found.query.toString() } : found
}

test('the paths of a kubelet lead to pods and containers', () => {
  const pod = { namespace: 'ns', name: 'p', uid: undefined }
  assert.deepEqual(route('POST', '/exec/ns/p/c?command=a&command=b%20c'), {
    type: 'stream',
    verb: 'exec',
    pod,
    container: 'c',
    query: 'command=a&command=b+c',
  })
  const withUid = { ...pod, uid: 'u-1' }
  assert.deepEqual(route('GET', '/attach/ns/p/u-1/c'), {
    type: 'stream',
    verb: 'attach',
    pod: withUid,
    container: 'c',
    query: '',
  })
  assert.deepEqual(route('GET', '/portForward/ns/p/u-1'), {
    type: 'stream',
    verb: 'portForward',
    pod: withUid,
    container: '',
    query: '',
  })
  assert.deepEqual(route('GET', '/containerLogs/ns/p/c?follow=true'), {
    type: 'log',
    pod,
    container: 'c',
    query: 'follow=true',
  })
  assert.deepEqual(route('POST', '/run/ns/p/c?cmd=ls'), { type: 'run', pod, container: 'c', query: 'cmd=ls' })
  assert.deepEqual(route('GET', '/stats/summary?x=1'), { type: 'document', path: '/stats/summary' })
})

test('other methods and shapes are refused', () => {
  for (const [method, url, status] of [
    ['GET', '/run/ns/p/c', 405],
    ['DELETE', '/exec/ns/p/c', 405],
    ['POST', '/pods', 405],
    ['GET', '/exec/ns/p', 404],
    ['GET', '/exec/ns/p/u/c/x', 404],
    ['GET', '/portForward/ns', 404],
    ['GET', '/containerLogs/ns/p/u/c', 404],
    ['GET', '/exec/%zz/p/c', 400],
  ] as const) {
    assert.throws(
      () => route(method, url),
      (error) => error instanceof AgentError && error.status === status,
      url,
    )
  }
})

test('any path is a route or is refused', () => {
  const random = seededRandom(9)
  const paths = [
    '/exec/ns/p/u/c?command=x&tty=1',
    '/portForward/ns/p?port=80,81',
    '/containerLogs/ns/p/c',
    '/metrics',
  ]
  for (let round = 0; round < 3000; round++) {
    const url = mutateBytes(Buffer.from(random.pick(paths)), random).toString('latin1')
    try {
      const found = routeOf({ method: random.pick(['GET', 'POST']), url })
      if (found.type === 'stream') {
        if (found.verb === 'portForward') portsOf(found.query)
        else commandStreams(found.query)
      }
    } catch (error) {
      assert.ok(error instanceof AgentError, `${url}: ${String(error)}`)
    }
  }
})

test('a terminal has no error stream of its own, and something must be asked for', () => {
  const streams = (text: string) => commandStreams(new URLSearchParams(text))
  assert.deepEqual(streams('input=1&output=1&error=1&tty=1'), {
    stdin: true,
    stdout: true,
    stderr: false,
    tty: true,
  })
  assert.deepEqual(streams('error=1'), { stdin: false, stdout: false, stderr: true, tty: false })
  assert.throws(() => streams('error=1&tty=1'), /you must specify at least 1 of stdin, stdout, stderr/)
})

test('ports are numbers of ports', () => {
  const ports = (text: string) => portsOf(new URLSearchParams(text))
  assert.deepEqual(ports('port=80,81&port=65535'), [80, 81, 65535])
  for (const text of ['', 'port=', 'port=0', 'port=65536', 'port=80,', 'port=-1', 'port=1e3']) {
    assert.throws(() => ports(text), AgentError, text)
  }
})
