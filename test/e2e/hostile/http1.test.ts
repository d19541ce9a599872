// HTTP/1.1 as no client should speak it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { isWell, openWire, type Wire } from './wire.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const LIMITS = { headMs: 600, bodyMs: 400, lingerMs: 1_000, handshakeMs: 500 }

let plane: TestControlPlane
const warnings: string[] = []

before(async () => {
  process.on('warning', (warning) => warnings.push(String(warning.stack)))
  plane = await startTestControlPlane({ limits: { listener: LIMITS } })
})
after(async () => {
  await plane.stop()
  assert.deepEqual(warnings, [])
})

const open = (): Promise<Wire> => openWire(plane, { protocol: 'http/1.1' })
const exists = (name: string) => plane.plane.store.get(`configmaps/default/${name}`) !== undefined

/** All that the server answers to `text` until it ends the connection. */
async function answerTo(text: string | Buffer): Promise<string> {
  const wire = await open()
  wire.send(text)
  return (await wire.closed()).toString()
}

const body = (name: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } })

function post(name: string, headers: readonly string[]): string {
  const all = [`POST ${CONFIG_MAPS} HTTP/1.1`, 'host: x', 'content-type: application/json', ...headers]
  return `${all.join('\r\n')}\r\n\r\n${name === '' ? '' : body(name)}`
}

test('what is no HTTP is refused with 400 and the connection ends', async () => {
  for (const text of [
    '\r\n\r\nhello',
    '\u0000\u0001\u0002\u0003'.repeat(100),
    'GET\r\n\r\n',
    '{"a":1}\r\n\r\n',
  ]) {
    assert.match(await answerTo(text), /^HTTP\/1\.1 400 Bad Request\r\n/)
  }
  assert.match(await answerTo('GET /version HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400/, 'a request without a host')
  assert.ok(await isWell(plane))
})

test('a length that is said twice, or beside chunks, is no request at all', async () => {
  const length = Buffer.byteLength(body('smuggled'))
  for (const headers of [
    ['transfer-encoding: chunked', `content-length: ${length}`],
    [`content-length: ${length}`, 'transfer-encoding: chunked'],
    ['content-length: 5', `content-length: ${length}`],
    [`content-length: ${length}, 5`],
    ['content-length: -1'],
    ['content-length: 0x10'],
    ['transfer-encoding: chunked, identity'],
    ['transfer-encoding: xchunked'],
  ]) {
    const answer = await answerTo(`${post('smuggled', headers)}GET /version HTTP/1.1\r\nhost: x\r\n\r\n`)
    assert.match(answer, /^HTTP\/1\.1 400/, headers.join())
    assert.equal(answer.split('HTTP/1.1 ').length, 2, `one answer for ${headers}`)
  }
  assert.ok(!exists('smuggled'))
})

test('chunks that are none write nothing', async () => {
  for (const chunks of [
    'zz\r\n',
    '-5\r\n',
    'ffffffffffffffffff\r\n',
    '5\r\n{"a"',
    `5;${'x'.repeat(40_000)}\r\n`,
  ]) {
    const answer = await answerTo(`${post('', ['transfer-encoding: chunked'])}${chunks}`)
    // 504: the chunk is fine, only that it never ends.
    assert.match(answer, /^(HTTP\/1\.1 (400|413|504) |$)/, chunks.slice(0, 30))
  }
  assert.ok(await isWell(plane))
})

test('a body cut short is never taken for a whole one', async () => {
  const text = body('cut')
  const half = text.slice(0, text.length / 2)
  const chunk = `${text.length.toString(16)}\r\n${text}\r\n`
  const cuts: readonly [string, string][] = [
    [`content-length: ${text.length}`, half],
    [`content-length: ${text.length + 1}`, text],
    ['transfer-encoding: chunked', `${text.length.toString(16)}\r\n${half}`],
    // A whole document, but without the end that says so.
    ['transfer-encoding: chunked', chunk],
    ['transfer-encoding: chunked', `${chunk}0\r\n`],
  ]
  for (const [header, sent] of cuts) {
    for (const cut of ['end', 'destroy', 'reset'] as const) {
      const wire = await open()
      wire.send(`${post('', [header])}${sent}`)
      await eventually('the bytes to be sent', () => wire.socket.writableLength === 0)
      if (cut === 'end') wire.socket.end()
      else if (cut === 'destroy') wire.socket.destroy()
      else wire.reset()
    }
  }
  // What a later request sees was not there before it either.
  assert.match(
    await answerTo(post('whole', [`content-length: ${body('whole').length}`, 'connection: close'])),
    /^HTTP\/1\.1 201/,
  )
  assert.ok(exists('whole'))
  assert.ok(!exists('cut'))
})

test('a head that never ends is ended by the server', async () => {
  const wire = await open()
  wire.send('GET /version HTTP/1.1\r\nhost: x\r\n')
  const drip = setInterval(() => wire.send('x-a: b\r\n'), 50)
  assert.match((await wire.closed()).toString(), /^HTTP\/1\.1 408/)
  clearInterval(drip)
})

test('a connection on which nothing is ever said ends too', async () => {
  const wire = await open()
  await wire.closed()
})

test('a body that trickles is given up, and its place is free again', async () => {
  const wire = await open()
  wire.send(`${post('', ['content-length: 1000'])}{`)
  const drip = setInterval(() => wire.send(' '), 50)
  const text = (await wire.closed()).toString()
  clearInterval(drip)
  assert.match(text, /^HTTP\/1\.1 504/)
  assert.match(text, /"reason":"Timeout"/)
})

test('headers beyond the limit are refused, many small ones within it are not', async () => {
  assert.match(
    await answerTo(`GET /version HTTP/1.1\r\nhost: x\r\nx-a: ${'y'.repeat(70_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431/,
  )
  assert.match(
    await answerTo(`GET /${'y'.repeat(70_000)} HTTP/1.1\r\nhost: x\r\n\r\n`),
    /^HTTP\/1\.1 (431|414)/,
  )
  const many = await answerTo(`GET /version HTTP/1.1\r\nhost: x\r\n${'a:b\r\n'.repeat(10_000)}\r\n`)
  assert.match(many, /^HTTP\/1\.1 431/)
  const tiny = 'a:b\r\n'.repeat(500)
  assert.match(
    await answerTo(`GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${tiny}\r\n`),
    /^HTTP\/1\.1 200/,
  )
})

test('a body that is too large gets its answer, however it is sent', async () => {
  const large = Buffer.alloc(4 * 1024 * 1024, ' ')
  for (const [header, sent] of [
    [`content-length: ${large.length}`, large],
    [
      'transfer-encoding: chunked',
      Buffer.concat([Buffer.from(`${large.length.toString(16)}\r\n`), large, Buffer.from('\r\n0\r\n\r\n')]),
    ],
  ] as const) {
    const text = await answerTo(Buffer.concat([Buffer.from(post('', [header])), sent]))
    assert.match(text, /^HTTP\/1\.1 413/)
    assert.match(text, /"reason":"RequestEntityTooLarge","code":413\}\n$/)
  }
})

test('an upgrade to WebSocket that nobody serves is answered like a plain request', async () => {
  const upgrade = [
    'host: x',
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  ].join('\r\n')
  const list = await open()
  list.send(`GET ${CONFIG_MAPS} HTTP/1.1\r\n${upgrade}\r\n\r\n`)
  await list.until('the list', (bytes) => /^HTTP\/1\.1 200[\s\S]*ConfigMapList/.test(bytes.toString()))
  list.end()
  const watch = await open()
  watch.send(`GET ${CONFIG_MAPS}?watch=1 HTTP/1.1\r\n${upgrade}\r\n\r\n`)
  await watch.until('the first event', (bytes) =>
    /^HTTP\/1\.1 200[\s\S]*"type":"ADDED"/.test(bytes.toString()),
  )
  watch.end()
})

test('requests in a pipeline are answered in their order', async () => {
  const wire = await open()
  const amount = 200
  for (let i = 0; i < amount; i++) {
    wire.send(`GET ${i % 2 === 0 ? '/version' : '/nowhere'} HTTP/1.1\r\nhost: x\r\n\r\n`)
  }
  const answers = await wire.until('all answers', (bytes) => {
    const found = [...bytes.toString().matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])
    return found.length === amount && found
  })
  assert.deepEqual(
    answers,
    Array.from({ length: amount }, (_, i) => (i % 2 === 0 ? '200' : '404')),
  )
  wire.end()
})

test('HEAD has a head and no body, also of a watch', async () => {
  for (const path of ['/version', '/nowhere', `${CONFIG_MAPS}?watch=1`, CONFIG_MAPS]) {
    const text = await answerTo(`HEAD ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    assert.match(text, /^HTTP\/1\.1 \d{3} /)
    assert.ok(text.endsWith('\r\n\r\n'), `${path}: ${text}`)
  }
})

test('a server with half-open handshakes, idle connections and open watches stops in time', async () => {
  const { createConnection } = await import('node:net')
  const other = await startTestControlPlane()
  const half = createConnection(other.plane.port, '127.0.0.1')
  half.on('error', () => {})
  await new Promise((resolve) => half.once('connect', resolve))
  const idle = await openWire(other, { protocol: 'http/1.1' })
  const watch = await openWire(other, { protocol: 'http/1.1' })
  watch.send(`GET ${CONFIG_MAPS}?watch=1 HTTP/1.1\r\nhost: x\r\n\r\n`)
  await watch.until('the watch', (bytes) => bytes.includes('ADDED'))
  await other.stop()
  const text = (await watch.closed()).toString()
  assert.ok(text.endsWith('0\r\n\r\n'), 'the watch ends properly')
  await idle.closed()
  half.destroy()
})

test('an upgrade that cannot be served is answered once, and the connection ends', async () => {
  const pods = '/api/v1/namespaces/default/pods'
  const smuggled = `GET /version HTTP/1.1\r\nhost: x\r\n\r\n`
  for (const [path, headers] of [
    [`${pods}/none/exec?command=x&stdout=1`, ['upgrade: websocket', 'sec-websocket-version: 13']],
    [`${pods}/none/exec?command=x&stdout=1`, ['upgrade: SPDY/3.1', 'content-length: 0']],
    [`${pods}/none/attach`, ['upgrade: SPDY/3.1', `content-length: ${smuggled.length}`]],
    [`${pods}/none/portforward`, ['upgrade: h2c, websocket', 'transfer-encoding: chunked']],
    ['/api/v1/nodes/none/proxy/x', ['upgrade: anything']],
    ['/api/v1/namespaces/default/services/none/proxy/', ['upgrade: websocket']],
  ] as const) {
    for (const method of ['GET', 'POST']) {
      const head = [`${method} ${path} HTTP/1.1`, 'host: x', 'connection: Upgrade', ...headers]
      const answer = await answerTo(`${head.join('\r\n')}\r\n\r\n${smuggled}`)
      assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/, `${path} ${headers}`)
      assert.equal(answer.split('HTTP/1.1 ').length, 2, `one answer for ${path} ${headers}`)
      assert.match(answer, /\r\nconnection: close\r\n/i)
    }
  }
  assert.ok(await isWell(plane))
})

test('clients that ask for an upgrade and go leave nothing behind', async () => {
  const head =
    'GET /api/v1/nodes/none/proxy/x HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'
  const wires = await Promise.all(Array.from({ length: 20 }, open))
  for (const wire of wires) {
    wire.send(head)
    wire.socket.destroy()
  }
  assert.ok(await isWell(plane))
})
