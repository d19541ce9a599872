import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import type { LogOptions } from './log-options.ts'
import { openLog } from './read.ts'

let dir: string
let path: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brume-logs-'))
  path = join(dir, '0.log')
})
afterEach(() => rm(dir, { recursive: true }))

const ALL: LogOptions = { follow: false, timestamps: false }
const at = (second: number) => `2026-11-20T00:00:${String(second).padStart(2, '0')}.5Z`
const full = (second: number, text: string, stream = 'stdout') => `${at(second)} ${stream} F ${text}\n`
const part = (second: number, text: string) => `${at(second)} stdout P ${text}\n`

async function read(options: Partial<LogOptions> = {}): Promise<string> {
  const { signal } = new AbortController()
  const ended = Promise.resolve()
  const chunks: Buffer[] = []
  for await (const chunk of await openLog({ path, options: { ...ALL, ...options }, signal, ended }))
    chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('both streams are read in their order, partial lines joined', async () => {
  await writeFile(
    path,
    full(1, 'one') + full(2, 'two', 'stderr') + part(3, 'th') + part(3, 're') + full(3, 'e'),
  )
  assert.equal(await read(), 'one\ntwo\nthree\n')
  assert.equal(await read({ timestamps: true, tailLines: 1 }), '2026-11-20T00:00:03.500000000Z three\n')
  assert.equal(await read({ tailLines: 2 }), 'two\nthree\n')
  assert.equal(await read({ sinceMs: Date.parse(at(2)) }), 'two\nthree\n')
  assert.equal(await read({ limitBytes: 6 }), 'one\ntw')
  assert.equal(await read({ tailLines: 0 }), '')
})

test('what was put aside a moment ago is read too', async () => {
  await writeFile(`${path}.20261120-000000.gz`, 'packed')
  await writeFile(`${path}.20261120-000001`, full(1, 'one') + full(2, 'two'))
  await writeFile(path, full(3, 'three'))
  assert.equal(await read(), 'one\ntwo\nthree\n')
  assert.equal(await read({ tailLines: 1 }), 'three\n')
  assert.equal(await read({ tailLines: 2 }), 'two\nthree\n')
  assert.equal(await read({ tailLines: 9 }), 'one\ntwo\nthree\n')
  assert.equal(await read({ sinceMs: Date.parse(at(2)) }), 'two\nthree\n')
  assert.equal(await read({ limitBytes: 5 }), 'one\nt')
  await writeFile(path, '')
  assert.equal(await read({ tailLines: 1 }), 'two\n')
})

test('lines that are none, and endless ones, are passed over', async () => {
  await writeFile(path, `${full(1, 'one')}garbage\n${full(2, 'x'.repeat(3_000_000))}${full(3, 'three')}`)
  assert.equal(await read(), 'one\nthree\n')
})

test('a last line that was cut off is shown as far as it goes', async () => {
  await writeFile(path, `${full(1, 'one')}${full(2, 'two').slice(0, -2)}`)
  assert.equal(await read(), 'one\ntw')
})

interface Following {
  text: string
  done: boolean
  end(): void
  abort(): void
}

async function follow(options: Partial<LogOptions> = {}): Promise<Following> {
  const ended = Promise.withResolvers<void>()
  const leaving = new AbortController()
  const following: Following = { text: '', done: false, end: ended.resolve, abort: () => leaving.abort() }
  const source = {
    path,
    options: { ...ALL, ...options, follow: true },
    signal: leaving.signal,
    ended: ended.promise,
  }
  const log = await openLog(source)
  void (async () => {
    for await (const chunk of log) following.text += chunk
    following.done = true
  })()
  return following
}

test('following shows what is written, over rotations, until the container has ended', async () => {
  await writeFile(path, full(1, 'one'))
  const following = await follow()
  const sees = (text: string) => eventually(`seeing ${JSON.stringify(text)}`, () => following.text === text)
  await sees('one\n')
  await appendFile(path, full(2, 'two').slice(0, 10))
  await appendFile(path, full(2, 'two').slice(10))
  await sees('one\ntwo\n')
  let text = 'one\ntwo\n'
  for (const [index, name] of ['a', 'b', 'c'].entries()) {
    await rename(path, `${path}.${name}`)
    // The runtime writes to the old file until it is told to open the log again.
    await appendFile(`${path}.${name}`, full(3, `late ${name}`))
    await writeFile(path, '')
    await appendFile(`${path}.${name}`, full(3, `last ${name}`))
    await appendFile(path, full(4 + index, `new ${name}`))
    text += `late ${name}\nlast ${name}\nnew ${name}\n`
    await sees(text)
  }
  await appendFile(path, full(9, 'goodbye'))
  following.end()
  await eventually('the end', () => following.done)
  assert.equal(following.text, `${text}goodbye\n`)
})

test('a log that is emptied in place is read from its beginning', async () => {
  await writeFile(path, full(1, 'one') + full(2, 'two'))
  const following = await follow({ tailLines: 1 })
  await eventually('the first lines', () => following.text === 'two\n')
  await writeFile(path, full(3, 'new'))
  await eventually('the new line', () => following.text === 'two\nnew\n')
  following.abort()
  await eventually('the end', () => following.done)
})

test('following ends at the limit, and when the reader has gone', async () => {
  await writeFile(path, full(1, 'one'))
  const limited = await follow({ limitBytes: 6 })
  const left = await follow()
  await appendFile(path, full(2, 'two'))
  await eventually('the limit', () => limited.done)
  assert.equal(limited.text, 'one\ntw')
  left.abort()
  await eventually('the end', () => left.done)
})

test('a log that is not there is an error at once', async () => {
  await assert.rejects(
    openLog({ path, options: ALL, signal: new AbortController().signal, ended: Promise.resolve() }),
    {
      code: 'ENOENT',
    },
  )
})
