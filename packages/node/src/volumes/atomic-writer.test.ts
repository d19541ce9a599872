import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { keptClock as clock } from '../testing/kept-clock.ts'
import { PayloadPathError, writePayload } from './atomic-writer.ts'
import type { Payload } from './payload.ts'

const files = (texts: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(texts).map(([path, text]) => [path, { data: Buffer.from(text), mode }]))

function volume(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'brume-writer-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const visible = (dir: string) =>
  readdirSync(dir)
    .filter((name) => !name.startsWith('..'))
    .sort()
const moments = (dir: string) => readdirSync(dir).filter((name) => name.startsWith('..2'))

test('shows files through one link to one moment, whatever the umask', async (t) => {
  const dir = volume(t)
  const before = process.umask(0o077)
  t.after(() => process.umask(before))
  assert.equal(await writePayload(dir, files({ a: '1', 'sub/deep/b': '2' }, 0o640), { clock }), true)
  assert.deepEqual(visible(dir), ['a', 'sub'])
  assert.equal(readlinkSync(join(dir, 'a')), '..data/a')
  assert.match(readlinkSync(join(dir, '..data')), /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.[0-9a-f]{8}$/)
  assert.equal(readFileSync(join(dir, 'sub/deep/b'), 'utf8'), '2')
  assert.equal(statSync(join(dir, 'a')).mode & 0o7777, 0o640)
  assert.equal(statSync(join(dir, '..data/sub')).mode & 0o7777, 0o755)
})

test('writes nothing when nothing has changed', async (t) => {
  const dir = volume(t)
  await writePayload(dir, files({ a: '1' }), { clock })
  const moment = readlinkSync(join(dir, '..data'))
  assert.equal(await writePayload(dir, files({ a: '1' }), { clock }), false)
  assert.equal(readlinkSync(join(dir, '..data')), moment)
})

test('an update leaves the new files and nothing of the old ones', async (t) => {
  const dir = volume(t)
  await writePayload(dir, files({ a: '1', b: '1', 'sub/c': '1' }), { clock })
  assert.equal(await writePayload(dir, files({ a: '2', d: '2' }), { clock }), true)
  assert.deepEqual(visible(dir), ['a', 'd'])
  assert.equal(readFileSync(join(dir, 'a'), 'utf8'), '2')
  assert.equal(moments(dir).length, 1)
})

test('a change of mode alone is a change', async (t) => {
  const dir = volume(t)
  await writePayload(dir, files({ a: '1' }, 0o644), { clock })
  assert.equal(await writePayload(dir, files({ a: '1' }, 0o400), { clock }), true)
  assert.equal(statSync(join(dir, 'a')).mode & 0o7777, 0o400)
})

test('a volume without files is empty, not missing', async (t) => {
  const dir = volume(t)
  await writePayload(dir, files({}), { clock })
  assert.deepEqual(visible(dir), [])
  assert.equal(statSync(join(dir, '..data')).isDirectory(), true)
})

for (const path of [
  '../x',
  'a/../../x',
  '/etc/x',
  '..x',
  '',
  'a//b',
  './a',
  `${'n'.repeat(256)}`,
  'a/'.repeat(2100),
]) {
  test(`refuses the path ${JSON.stringify(path.slice(0, 20))}`, async (t) => {
    const dir = volume(t)
    await assert.rejects(writePayload(dir, files({ ok: '1', [path]: 'x' }), { clock }), PayloadPathError)
    assert.deepEqual(readdirSync(dir), [])
  })
}

test('what a kill in the middle left is cleared, before or after the switch', async (t) => {
  const dir = volume(t)
  await writePayload(dir, files({ a: '1' }), { clock })
  // Killed before the switch: a moment of its own, half of its files, and the link that was to be renamed.
  mkdirSync(join(dir, '..2026_01_01_00_00_00.aaaaaaaa'))
  writeFileSync(join(dir, '..2026_01_01_00_00_00.aaaaaaaa', 'a'), 'half')
  symlinkSync('..2026_01_01_00_00_00.aaaaaaaa', join(dir, '..data_tmp'))
  assert.equal(await writePayload(dir, files({ a: '2' }), { clock }), true)
  assert.equal(readFileSync(join(dir, 'a'), 'utf8'), '2')
  assert.equal(moments(dir).length, 1)
  // Killed after the switch: links of the new files are missing, old ones are still there.
  rmSync(join(dir, 'a'))
  symlinkSync('..data/old', join(dir, 'old'))
  assert.equal(await writePayload(dir, files({ a: '2' }), { clock }), false)
  assert.deepEqual(visible(dir), ['a'])
})

test('a directory for another mount stays', async (t) => {
  const dir = volume(t)
  mkdirSync(join(dir, 'inner'))
  await writePayload(dir, files({ a: '1' }), { clock })
  await writePayload(dir, files({ b: '1' }), { clock })
  assert.deepEqual(visible(dir), ['b', 'inner'])
  assert.equal(lstatSync(join(dir, 'inner')).isDirectory(), true)
})

test('files belong to the group of the pod, which can read them', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async (t) => {
  const dir = volume(t)
  const payload: Payload = new Map([['sub/a', { data: Buffer.from('1'), mode: 0o600, uid: 1000 }]])
  await writePayload(dir, payload, { clock, gid: 2000 })
  const found = statSync(join(dir, 'sub/a'))
  assert.deepEqual([found.uid, found.gid, found.mode & 0o7777], [1000, 2000, 0o640])
  const above = statSync(join(dir, 'sub'))
  assert.deepEqual([above.gid, above.mode & 0o7777], [2000, 0o2755])
  assert.equal(await writePayload(dir, payload, { clock, gid: 2000 }), false)
})

/** Reads both files again and again, as fast as it can; says how often it did, and stops at anything that is not right. */
const READER = `
  const fs = require('node:fs')
  const [dir] = process.argv.slice(1)
  let rounds = 0
  process.on('SIGTERM', () => { console.log('done ' + rounds); process.exit(0) })
  const look = () => {
    for (let i = 0; i < 200; i++) {
      const moment = fs.realpathSync(dir + '/..data')
      const a = fs.readFileSync(moment + '/a', 'utf8')
      const b = fs.readFileSync(moment + '/b', 'utf8')
      if (a !== b || a.length < 100000) { console.log('torn ' + a.slice(0, 9) + ' ' + b.slice(0, 9)); process.exit(1) }
      const c = fs.readFileSync(dir + '/a', 'utf8')
      if (c.length < 100000 || new Set(c.match(/\\d+ /g)).size !== 1) { console.log('torn file'); process.exit(1) }
      rounds++
    }
    setImmediate(look)
  }
  console.log('reading')
  look()
`

test('a reader in a loop never sees half an update, nor no file', { timeout: 60_000 }, async (t) => {
  const dir = volume(t)
  const text = (n: number) => `${n} `.repeat(Math.ceil(100_000 / `${n} `.length))
  await writePayload(dir, files({ a: text(0), b: text(0) }), { clock })
  const reader: ChildProcess = spawn(process.execPath, ['-e', READER, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => reader.kill('SIGKILL'))
  const lines = createInterface({ input: reader.stdout! })
  const said: string[] = []
  const reading = once(lines, 'line')
  lines.on('line', (line) => said.push(line))
  await reading
  const exited = once(reader, 'exit')
  for (let n = 1; n <= 40; n++) await writePayload(dir, files({ a: text(n), b: text(n) }), { clock })
  reader.kill('SIGTERM')
  await exited
  assert.match(said.at(-1)!, /^done [1-9]/)
})

/** Writes one update after another until it is killed. */
const WRITER = `
  const [module, clockModule, dir] = process.argv.slice(1)
  const { writePayload } = await import(module)
  const { keptClock: clock } = await import(clockModule)
  for (let n = 1; ; n++) {
    const data = Buffer.from(n + ' '.repeat(50_000))
    await writePayload(dir, new Map([['a', { data, mode: 0o644 }], ['b', { data, mode: 0o644 }]]), { clock })
    if (n === 1) console.log('writing')
  }
`

test('a writer that is killed at any moment leaves whole files, and the next one goes on', {
  timeout: 60_000,
}, async (t) => {
  const dir = volume(t)
  const modules = ['./atomic-writer.ts', '../testing/kept-clock.ts'].map((name) => import.meta.resolve(name))
  for (let round = 0; round < 5; round++) {
    const options = ['--input-type=module', '-e', WRITER, ...modules, dir]
    const writer = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => writer.kill('SIGKILL'))
    const exited = once(writer, 'exit')
    await once(writer.stdout, 'data')
    const before = readlinkSync(join(dir, '..data'))
    // Killed while it is about the next update: the link has just moved once more.
    while (readlinkSync(join(dir, '..data')) === before) await new Promise(setImmediate)
    writer.kill('SIGKILL')
    await exited
    assert.equal(readFileSync(join(dir, 'a'), 'utf8'), readFileSync(join(dir, 'b'), 'utf8'))
  }
  await writePayload(dir, files({ a: 'last' }), { clock })
  assert.deepEqual(visible(dir), ['a'])
  assert.equal(readFileSync(join(dir, 'a'), 'utf8'), 'last')
  assert.equal(moments(dir).length, 1)
})
