import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { eventually } from '@brume/testkit/eventually'
import { earlierFiles, type LogLimits } from './files.ts'
import { AuditLogError, openAuditLog } from './log.ts'

const DAY_MS = 86_400_000
const LIMITS: LogLimits = { maxBytes: 1024 * 1024, maxFiles: 3, maxAgeMs: DAY_MS }

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-audit-'))
  try {
    await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function openIn(folder: string, more: { limits?: Partial<LogLimits>; maxWaitingLength?: number } = {}) {
  const path = join(folder, 'audit', 'audit.log')
  const lost = { lines: 0 }
  const { limits, ...others } = more
  const log = openAuditLog({
    path,
    limits: { ...LIMITS, ...limits },
    clock: systemClock,
    logger: silentLogger,
    onLost(lines) {
      lost.lines += lines
    },
    ...others,
  })
  return { path, log, lost }
}

const linesIn = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1)
const event = (n: number, filler = '') => JSON.stringify({ n, filler })
const numbersIn = (path: string): number[] => linesIn(path).map((line) => JSON.parse(line).n)

test('lines are on the disk soon, in order, for the owner alone', () =>
  withFolder(async (folder) => {
    const { path, log } = openIn(folder)
    for (let n = 0; n < 100; n++) log.write(event(n))
    await eventually('the lines are written', () => linesIn(path).length === 100)
    assert.deepEqual(
      numbersIn(path),
      Array.from({ length: 100 }, (_, n) => n),
    )
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700)
    await log.close()
  }))

test('what waits is written at the end, and the next one goes on after it', () =>
  withFolder(async (folder) => {
    const first = openIn(folder)
    first.log.write(event(1))
    await first.log.close()
    const second = openIn(folder)
    second.log.write(event(2))
    await second.log.close()
    assert.deepEqual(numbersIn(second.path), [1, 2])
  }))

test('half a line that a killed process left is cut off, however long it is', () =>
  withFolder(async (folder) => {
    const { path, log } = openIn(folder)
    log.write(event(1))
    await log.close()
    for (const half of ['{"n":2', `{"n":2,"x":"${'y'.repeat(200_000)}`]) {
      appendFileSync(path, half)
      await openIn(folder).log.close()
      assert.deepEqual(numbersIn(path), [1])
    }
    writeFileSync(path, '{"n":')
    await openIn(folder).log.close()
    assert.deepEqual(linesIn(path), [])
  }))

test('a full file is put aside under the time, and only so many are kept', () =>
  withFolder(async (folder) => {
    const { path, log } = openIn(folder, { limits: { maxBytes: 4096, maxFiles: 2 } })
    for (let n = 0; n < 20; n++) {
      log.write(event(n, 'x'.repeat(1000)))
      await eventually('the line is written', () => readFileSync(path, 'utf8').includes(`"n":${n},`))
    }
    await log.close()
    const earlier = earlierFiles(path)
    assert.equal(earlier.length, 2)
    const kept = [...earlier.map((file) => file.path).reverse(), path]
    for (const file of kept) {
      assert.ok(statSync(file).size <= 4096, 'a file keeps to its size')
      assert.equal(statSync(file).mode & 0o777, 0o600)
    }
    const numbers = kept.flatMap(numbersIn)
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, i) => 20 - numbers.length + i),
    )
  }))

test('earlier files go when they are too old, and other files stay', () =>
  withFolder(async (folder) => {
    const audit = join(folder, 'audit')
    mkdirSync(audit)
    const name = (ageMs: number) =>
      `audit-${new Date(Date.now() - ageMs).toISOString().slice(0, 23).replaceAll(':', '-')}.log`
    const young = name(DAY_MS / 2)
    for (const file of [young, name(2 * DAY_MS), 'audit-notes.log', 'other.txt'])
      writeFileSync(join(audit, file), '')
    await openIn(folder).log.close()
    assert.deepEqual(readdirSync(audit).sort(), [young, 'audit-notes.log', 'audit.log', 'other.txt'].sort())
  }))

test('a log whose file was moved away goes on in a new one when it is full', () =>
  withFolder(async (folder) => {
    const { path, log, lost } = openIn(folder, { limits: { maxBytes: 2000 } })
    log.write(event(1, 'x'.repeat(1500)))
    await eventually('the line is written', () => statSync(path).size > 0)
    rmSync(path)
    log.write(event(2, 'x'.repeat(1500)))
    await log.close()
    assert.deepEqual(numbersIn(path), [2])
    assert.equal(lost.lines, 0)
  }))

test('a path that cannot be written is told at the start', () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, 'audit'), 'a file')
    assert.throws(() => openIn(folder), AuditLogError)
  }))

const hasTmpfs = () =>
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0

test(
  'a full disk holds nobody up: lines wait, those beyond the limit are counted, and no part of one is left',
  { skip: hasTmpfs() ? false : 'needs root and mounts' },
  () =>
    withFolder(async (folder) => {
      const small = join(folder, 'small')
      mkdirSync(small)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small])
      try {
        const { path, log, lost } = openIn(small, { maxWaitingLength: 400_000 })
        const ballast = join(small, 'ballast')
        writeFileSync(ballast, Buffer.alloc(128 * 1024))
        for (let n = 0; n < 1000; n++) log.write(event(n, 'x'.repeat(1000)))
        assert.ok(lost.lines > 0, 'what has no room to wait is counted')
        const waiting = 1000 - lost.lines
        // More than fits, in pieces that do not end where a line ends.
        await eventually(
          'the disk is full',
          () => statSync(small).isDirectory() && freeBytes(small) < 4096 * 2,
        )
        rmSync(ballast)
        execFileSync('mount', ['-o', 'remount,size=8m', small])
        await eventually('what waited is written', () => linesIn(path).length === waiting)
        assert.deepEqual(
          numbersIn(path),
          Array.from({ length: waiting }, (_, n) => n),
        )
        await log.close()
      } finally {
        execFileSync('umount', ['-l', small])
      }
    }),
)

function freeBytes(folder: string): number {
  const text = execFileSync('df', ['--output=avail', '-B1', folder], { encoding: 'utf8' })
  return Number(text.trim().split('\n').at(-1))
}
