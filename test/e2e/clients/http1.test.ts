// Plain HTTP/1.1 as clients in Java and other languages speak it: one connection for many requests, WebSocket tried
// first for watches and logs, bodies in chunks, bodies announced.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const WEBSOCKET = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
}

let plane: TestControlPlane
let agent: https.Agent
before(async () => {
  plane = await startTestControlPlane()
  const pem = (name: string) => readFileSync(join(plane.dir.pki, name))
  agent = new https.Agent({
    keepAlive: true,
    maxSockets: 1,
    ca: pem('ca.crt'),
    cert: pem('admin.crt'),
    key: pem('admin.key'),
    ALPNProtocols: ['http/1.1'],
  })
})
after(async () => {
  agent.destroy()
  await plane.stop()
})

interface Options {
  headers?: Record<string, string>
  agent?: https.Agent
}

function request(method: string, path: string, { headers = {}, agent: own = agent }: Options = {}) {
  return https.request(plane.plane.url + path, {
    method,
    agent: own,
    headers: { accept: 'application/json', ...headers },
  })
}

async function answerOf(sent: ReturnType<typeof request>) {
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  const port = response.socket.localPort
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode, headers: response.headers, text, port }
}

async function call(method: string, path: string, body?: object, options: Options = {}) {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...options.headers,
  }
  const sent = request(method, path, { ...options, headers })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const answer = await answerOf(sent)
  return { ...answer, body: JSON.parse(answer.text) }
}

const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { http: '1' } },
})

test('one connection carries many requests, also after refused ones', async () => {
  const ports = new Set<number | undefined>()
  for (const [method, path, body, status] of [
    ['GET', '/version', undefined, 200],
    ['GET', `${CONFIG_MAPS}/none`, undefined, 404],
    ['POST', CONFIG_MAPS, configMap('kept'), 201],
    ['POST', CONFIG_MAPS, configMap('kept'), 409],
    ['POST', CONFIG_MAPS, configMap('Bad_Name'), 422],
    ['DELETE', `${CONFIG_MAPS}/kept`, undefined, 200],
    ['GET', CONFIG_MAPS, undefined, 200],
  ] as const) {
    const answer = await call(method, path, body)
    assert.equal(answer.status, status, answer.text)
    ports.add(answer.port)
  }
  assert.equal(ports.size, 1)
})

test('a watch that asks for a WebSocket gets 200, and streams', async () => {
  await call('POST', CONFIG_MAPS, configMap('first'))
  for (const headers of [WEBSOCKET, { ...WEBSOCKET, connection: 'keep-alive, Upgrade' }]) {
    const own = new https.Agent({ ...agent.options, keepAlive: false })
    const sent = request('GET', `${CONFIG_MAPS}?watch=true&labelSelector=http&resourceVersion=0`, {
      headers,
      agent: own,
    })
    sent.end()
    const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
    assert.equal(response.statusCode, 200)
    assert.equal(response.headers.upgrade, undefined)
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    const lines = () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    await eventually('the first event', () => lines().length === 1)
    await call(
      'PATCH',
      `${CONFIG_MAPS}/first`,
      { data: { n: 'x' } },
      { headers: { 'content-type': 'application/merge-patch+json' } },
    )
    await call(
      'PATCH',
      `${CONFIG_MAPS}/first`,
      { data: null },
      { headers: { 'content-type': 'application/merge-patch+json' } },
    )
    await eventually('the changes', () => lines().length === 3)
    assert.deepEqual(
      lines().map(({ type }) => type),
      ['ADDED', 'MODIFIED', 'MODIFIED'],
    )
    sent.destroy()
    own.destroy()
  }
  await call('DELETE', `${CONFIG_MAPS}/first`)
})

test('streams into a pod that has no node yet are refused in a Status; its log is empty', async () => {
  const pods = '/api/v1/namespaces/default/pods'
  await eventually('the default service account', async () => {
    return (await call('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status === 200
  })
  const spec = { containers: [{ name: 'main', image: 'registry.test/app:1' }] }
  const made = await call('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec })
  assert.equal(made.status, 201, made.text)
  const log = request('GET', `${pods}/p/log?follow=true`, { headers: WEBSOCKET })
  log.end()
  const { status, text } = await answerOf(log)
  assert.deepEqual([status, text], [200, ''])
  for (const path of ['exec?command=true&stdout=true', 'attach?stdout=true', 'portforward?ports=80']) {
    const headers = { ...WEBSOCKET, 'sec-websocket-protocol': 'v4.channel.k8s.io' }
    const { status, body } = await call('GET', `${pods}/p/${path}`, undefined, { headers })
    assert.ok(status! >= 400, `${path}: ${status}`)
    assert.equal(body.kind, 'Status')
    assert.ok(body.message.length > 10, body.message)
  }
  await call('DELETE', `${pods}/p?gracePeriodSeconds=0`)
})

test('an upgrade to HTTP/2 in clear text is passed over', async () => {
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
  }
  const { status, body } = await call('GET', '/version', undefined, { headers })
  assert.deepEqual([status, body.minor], [200, '32'])
})

test('bodies in chunks, and bodies announced with Expect, are read', async () => {
  const chunked = request('POST', CONFIG_MAPS, {
    headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  })
  const text = JSON.stringify(configMap('chunked'))
  chunked.write(text.slice(0, 10))
  chunked.end(text.slice(10))
  assert.equal((await answerOf(chunked)).status, 201)
  const announced = request('POST', CONFIG_MAPS, {
    headers: { 'content-type': 'application/json', expect: '100-continue' },
  })
  announced.flushHeaders()
  await once(announced, 'continue')
  announced.end(JSON.stringify(configMap('announced')))
  assert.equal((await answerOf(announced)).status, 201)
})

test('HEAD says what GET would, without a body', async () => {
  const sent = request('HEAD', `${CONFIG_MAPS}/chunked`)
  sent.end()
  const answer = await answerOf(sent)
  assert.deepEqual(
    [answer.status, answer.text, answer.headers['content-type']],
    [200, '', 'application/json'],
  )
})
