// HTTP/2 frame by frame, as no client should send them.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { configMap, httpOf } from '@brume/testkit/http'
import {
  bodyOf,
  data,
  END_HEADERS,
  frame,
  goAwayOf,
  hasAnswer,
  headerBlock,
  INITIAL_WINDOW,
  PREFACE,
  parseFrames,
  request,
  reset,
  resetOf,
  settings,
  TYPES,
  windowUpdate,
} from './frames.ts'
import { isWell, openWire, type Wire } from './wire.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const JSON_TYPE = ['content-type', 'application/json'] as const
/** Somebody whose requests take places, as an administrator's do not. */
const JANE = ['impersonate-user', 'jane'] as const
const LIMITS = { bodyMs: 400, stalledMs: 1_200, headMs: 1_000 }
const MAX_STREAMS = 250

let plane: TestControlPlane
const problems: string[] = []

before(async () => {
  process.on('warning', (warning) => problems.push(String(warning.stack)))
  const error = (text: string, fields?: Record<string, unknown>) =>
    problems.push(`${text} ${fields?.['error'] instanceof Error ? fields['error'].stack : ''}`)
  plane = await startTestControlPlane({
    limits: { listener: LIMITS },
    logger: { debug() {}, info() {}, warn() {}, error },
  })
  const http = httpOf(plane)
  const bound = await http.send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'jane' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
  })
  assert.equal(bound.status, 201, bound.text)
  for (let i = 0; i < 8; i++) {
    const made = await http.send('POST', CONFIG_MAPS, configMap(`large-${i}`, { a: 'x'.repeat(900_000) }))
    assert.equal(made.status, 201, made.text)
  }
})
after(async () => {
  await plane.stop()
  assert.deepEqual(problems, [])
})

async function open(values: Readonly<Record<number, number>> = {}): Promise<Wire> {
  const wire = await openWire(plane, { protocol: 'h2' })
  wire.send(PREFACE)
  wire.send(settings(values))
  return wire
}

const exists = (name: string) => plane.plane.store.get(`configmaps/default/${name}`) !== undefined
const body = (name: string) => JSON.stringify(configMap(name))
const post = (stream: number, length?: number) =>
  request(stream, {
    method: 'POST',
    path: CONFIG_MAPS,
    headers: [JSON_TYPE, ...(length === undefined ? [] : [['content-length', String(length)] as const])],
    isWhole: false,
  })

/** Sends frames and waits until the server ends the connection; the code that it gave for it. */
async function refusedWith(...frames: Buffer[]): Promise<number | undefined> {
  const wire = await open()
  for (const bytes of frames) wire.send(bytes)
  return goAwayOf(await wire.closed())
}

test('garbage for a preface, and frames that break the rules, end the connection and nothing else', async () => {
  const garbage = await openWire(plane, { protocol: 'h2' })
  garbage.send('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await garbage.closed()
  const broken: readonly [string, Buffer][] = [
    ['DATA on stream 0', data(0, 'x')],
    [
      'HEADERS on stream 0',
      frame('headers', { flags: END_HEADERS, payload: headerBlock([[':method', 'GET']]) }),
    ],
    ['an even stream', request(2, { path: '/version' })],
    ['SETTINGS of a wrong size', frame('settings', { payload: Buffer.alloc(5) })],
    ['SETTINGS on a stream', frame('settings', { stream: 1, payload: Buffer.alloc(6) })],
    ['PING of a wrong size', frame('ping', { payload: Buffer.alloc(7) })],
    [
      'a window beyond the largest',
      Buffer.concat([windowUpdate(0, 0x7fffffff), windowUpdate(0, 0x7fffffff)]),
    ],
    ['a window update of nothing', windowUpdate(0, 0)],
    ['a frame larger than allowed', frame('ping', { length: 0xffffff })],
    ['PUSH_PROMISE from a client', frame('push', { stream: 1, payload: Buffer.alloc(8) })],
    ['CONTINUATION of nothing', frame('continuation', { stream: 1, payload: Buffer.from('x') })],
    [
      'a header block that is none',
      frame('headers', { flags: END_HEADERS | 1, stream: 1, payload: Buffer.alloc(40, 0xff) }),
    ],
    ['PRIORITY of a wrong size', frame('priority', { stream: 1, payload: Buffer.alloc(4) })],
  ]
  for (const [what, bytes] of broken) {
    const wire = await open()
    wire.send(bytes)
    // Some of them are errors of one stream, some of all: either way it is told, and the server goes on.
    await wire.until(
      what,
      (got) => goAwayOf(got) !== undefined || wire.isClosed() || resetOf(got, 1) !== undefined,
    )
    wire.end()
  }
  assert.ok(await isWell(plane))
})

test('requests without a path or method, or with headers that HTTP/2 forbids, are reset', async () => {
  const wire = await open()
  const bad: readonly (readonly [string, string][])[] = [
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'x'],
    ],
    [
      [':path', '/'],
      [':scheme', 'https'],
      [':authority', 'x'],
    ],
    [
      [':method', 'GET'],
      [':method', 'PUT'],
      [':scheme', 'https'],
      [':path', '/version'],
    ],
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/version'],
      ['Upper', 'x'],
    ],
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/version'],
      ['connection', 'close'],
    ],
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/version'],
      ['transfer-encoding', 'chunked'],
    ],
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/version'],
      ['a', 'b\r\nc: d'],
    ],
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/version'],
      ['a', 'b\u0000'],
    ],
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', ''],
      ['a', 'b'],
    ],
  ]
  let stream = 1
  for (const headers of bad) {
    wire.send(frame('headers', { flags: END_HEADERS | 1, stream, payload: headerBlock(headers) }))
    const id = stream
    await wire.until(
      `the end of ${JSON.stringify(headers)}`,
      (got) => resetOf(got, id) !== undefined || isRefused(got, id),
    )
    stream += 2
  }
  wire.end()
})

/** Answered with an error of the client. */
function isRefused(bytes: Buffer, stream: number): boolean {
  const text = bodyOf(bytes, stream).toString()
  return hasAnswer(bytes, stream) && /"code":4\d\d/.test(text)
}

test('a body cut short is never taken for a whole one', async () => {
  const text = body('cut')
  const half = text.slice(0, text.length / 2)
  const attacks: readonly ((wire: Wire) => void)[] = [
    (wire) => wire.send(Buffer.concat([post(1), data(1, half), reset(1)])),
    (wire) => wire.send(Buffer.concat([post(1), data(1, text), reset(1)])),
    (wire) => wire.send(Buffer.concat([post(1), data(1, text), reset(1, 0)])),
    (wire) => wire.send(Buffer.concat([post(1, text.length), data(1, text), reset(1, 0)])),
    // A proper end, but not of what was announced.
    (wire) => wire.send(Buffer.concat([post(1, text.length + 1), data(1, text, true)])),
    (wire) => wire.send(Buffer.concat([post(1, text.length - 1), data(1, text, true)])),
    (wire) => {
      wire.send(Buffer.concat([post(1), data(1, text)]))
      wire.reset()
    },
    (wire) => {
      wire.send(Buffer.concat([post(1, text.length), data(1, half)]))
      wire.end()
    },
  ]
  for (const attack of attacks) {
    const wire = await open()
    attack(wire)
    if (wire.socket.destroyed) continue
    wire.send(Buffer.concat([post(3), data(3, body('cut-other'), true)]))
    // The connection goes on, unless the attack was one on the connection.
    await wire.until('the end of it', (got) => hasAnswer(got, 3) || wire.isClosed())
    wire.end()
  }
  assert.ok(exists('cut-other'))
  assert.ok(!exists('cut'))
})

test('a body that trickles is given up', async () => {
  const wire = await open()
  wire.send(Buffer.concat([post(1), data(1, '{')]))
  const drip = setInterval(() => wire.send(data(1, ' ')), 50)
  await wire.until('the answer', (got) => bodyOf(got, 1).includes('"reason":"Timeout"'))
  clearInterval(drip)
  wire.end()
})

test('a body of a byte a frame costs no more than one of one piece', async () => {
  const wire = await open()
  const text = body('bytes')
  wire.send(
    Buffer.concat([post(1, text.length), ...[...text].map((c, i) => data(1, c, i === text.length - 1))]),
  )
  await wire.until('the answer', (got) => hasAnswer(got, 1))
  assert.ok(exists('bytes'))
  wire.end()
})

test('the answer to a body that nobody wants comes before its end, and the stream is let go', async () => {
  const wire = await open()
  wire.send(Buffer.concat([post(1, 4 * 1024 * 1024), data(1, '{')]))
  await wire.until('413', (got) => bodyOf(got, 1).includes('"code":413'))
  await wire.until('the end of the stream', (got) => resetOf(got, 1) === 0)
  wire.end()
})

test('more streams than allowed are refused one by one', async () => {
  const wire = await open()
  for (let i = 0; i < MAX_STREAMS + 50; i++) {
    wire.send(
      request(2 * i + 1, {
        path: `${CONFIG_MAPS}?watch=1&labelSelector=none`,
      }),
    )
  }
  await wire.until('the refusals', (got) => {
    const frames = parseFrames(got)
    const refused = frames.filter((f) => f.type === TYPES.reset && f.payload.readUInt32BE(0) === 7).length
    const opened = frames.filter((f) => f.type === TYPES.headers).length
    return (refused === 50 && opened === MAX_STREAMS) || wire.isClosed()
  })
  wire.end()
  assert.ok(await isWell(plane))
})

test('streams that are reset as fast as they are opened hold nothing', async () => {
  const wire = await open()
  wire.send(Buffer.concat([request(1, { path: CONFIG_MAPS, headers: [JANE] })]))
  await wire.until('an answer to Jane', (got) => bodyOf(got, 1).includes('ConfigMapList'))
  const burst: Buffer[] = []
  for (let i = 0; i < 5_000; i++) {
    const stream = 2 * i + 3
    const headers = [JANE, JSON_TYPE]
    const begun = request(stream, { method: 'POST', path: CONFIG_MAPS, headers, isWhole: false })
    burst.push(i % 2 === 0 ? begun : request(stream, { path: CONFIG_MAPS, headers }), reset(stream))
  }
  wire.send(Buffer.concat(burst))
  await wire.until('the server to have had enough', (got) => goAwayOf(got) !== undefined || wire.isClosed())
  wire.end()
  assert.ok(await isWell(plane))
  const freeLimitMs = 5_000
  await eventually(
    'all places to be free',
    async () => {
      const { text } = await httpOf(plane).send('GET', '/metrics')
      return ['mutating', 'readOnly'].every((kind) =>
        text.includes(`apiserver_current_inflight_requests{request_kind="${kind}"} 0\n`),
      )
    },
    freeLimitMs,
  )
})

test('floods of SETTINGS, PING, PRIORITY and empty frames are borne or end the connection', async () => {
  const floods: readonly Buffer[] = [
    settings({ [INITIAL_WINDOW]: 65_535 }),
    frame('ping', { payload: Buffer.alloc(8) }),
    frame('priority', { stream: 9, payload: Buffer.from([0, 0, 0, 1, 255]) }),
    frame('priority', { stream: 9, payload: Buffer.from([0, 0, 0, 9, 255]) }),
    windowUpdate(0, 1),
    frame(0xbe, { stream: 0, payload: Buffer.alloc(100) }),
  ]
  const before = process.memoryUsage().rss
  for (const bytes of floods) {
    const wire = await open()
    // Nothing of what the server answers is read.
    wire.socket.pause()
    const burst = Buffer.concat(Array.from({ length: 2_000 }, () => bytes))
    for (let i = 0; i < 10 && !wire.socket.destroyed; i++) wire.send(burst)
    assert.ok(await isWell(plane))
    wire.end()
  }
  const wire = await open()
  const empty = Buffer.concat(Array.from({ length: 2_000 }, () => data(1, '')))
  wire.send(Buffer.concat([post(1), ...Array.from({ length: 10 }, () => empty)]))
  await wire.until('an end', (got) => hasAnswer(got, 1) || goAwayOf(got) !== undefined || wire.isClosed())
  wire.end()
  const grown = process.memoryUsage().rss - before
  assert.ok(grown < 200 * 1024 * 1024, `memory grew by ${grown >> 20} MiB`)
})

test('a header block without end, or of thousands of fields, is refused', async () => {
  const block = headerBlock(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'y'.repeat(20)] as const))
  const start = frame('headers', { stream: 1, payload: block })
  const more = frame('continuation', { stream: 1, payload: block })
  const code = await refusedWith(start, ...Array.from({ length: 2_000 }, () => more))
  assert.notEqual(code, 0)
  const wire = await open()
  const tiny = headerBlock(Array.from({ length: 1_000 }, () => ['a', 'b'] as const))
  const base = request(1, { path: '/version' }).subarray(9)
  wire.send(frame('headers', { flags: END_HEADERS | 1, stream: 1, payload: Buffer.concat([base, tiny]) }))
  await wire.until('the refusal', (got) => resetOf(got, 1) !== undefined || goAwayOf(got) !== undefined)
  wire.end()
  assert.ok(await isWell(plane))
})

test('answers that nobody takes are cut in time, and their memory is free', async () => {
  const large = plane.plane.store
    .list({ prefix: 'configmaps/default/' })
    .entries.reduce((sum, e) => sum + e.value.length, 0)
  const before = process.memoryUsage().rss
  const wires = await Promise.all(Array.from({ length: 4 }, () => open({ [INITIAL_WINDOW]: 0 })))
  const streams = 100
  const accepts = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml']
  for (const wire of wires) {
    for (let i = 0; i < streams; i++) {
      wire.send(request(2 * i + 1, { path: CONFIG_MAPS, headers: [['accept', accepts[i % 2]!]] }))
    }
  }
  for (const wire of wires) {
    await wire.until('all answers to be cut', (got) => {
      const cut = parseFrames(got).filter((f) => f.type === TYPES.reset).length
      return cut === streams || wire.isClosed()
    })
  }
  const grown = process.memoryUsage().rss - before
  const asked = large * streams * wires.length
  assert.ok(grown < asked / 5, `memory grew by ${grown >> 20} MiB of the ${asked >> 20} asked for`)
  for (const wire of wires) wire.end()
  assert.ok(await isWell(plane))
})

test('a client that reads slowly, but reads, gets all of it', async () => {
  const wire = await open({ [INITIAL_WINDOW]: 0 })
  wire.send(request(1, { path: `${CONFIG_MAPS}/large-0` }))
  await wire.until('the head', (got) => hasAnswer(got, 1))
  const drip = setInterval(
    () => wire.send(Buffer.concat([windowUpdate(1, 60_000), windowUpdate(0, 60_000)])),
    100,
  )
  await wire.until(
    'the whole body',
    (got) => bodyOf(got, 1).length > 900_000 && bodyOf(got, 1).toString().trimEnd().endsWith('}'),
  )
  clearInterval(drip)
  wire.end()
})
