import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { ask } from '@brume/testkit/ask'
import { freePort } from '@brume/testkit/free-port'
import { infoOf } from './admin.ts'
import { letGo } from './hand-over.ts'
import { Haproxy } from './process.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const ROUNDS = 15
const ASKED = 5

function configuration(dir: string, port: number, word: string): string {
  return [
    'global',
    `  description ${word.replace(' ', '-')}`,
    `  stats socket ${dir}/run/admin.sock mode 600 level admin expose-fd listeners`,
    'defaults',
    '  mode http',
    '  timeout client 5s',
    '  timeout server 5s',
    '  timeout connect 5s',
    'frontend web',
    `  bind 127.0.0.1:${port}`,
    `  http-request return status 200 content-type text/plain string "${word}"`,
    '',
  ].join('\n')
}

const heard = async (port: number) => (await ask({ port })).text

test('what was applied is served, however quickly changes follow each other', {
  skip,
  timeout: 120_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-reload-'))
  const begun = countedStarts(dir)
  const haproxy = new Haproxy(dir)
  const port = await freePort()
  try {
    for (let round = 0; round < ROUNDS; round++) {
      haproxy.write('haproxy.cfg', configuration(dir, port, `word ${round}`))
      await haproxy.reload(async () => (await infoOf(haproxy.socket)).fingerprint === `word-${round}`)
      assert.ok(await letGo(haproxy.workers, (await infoOf(haproxy.socket)).pid))
      for (let i = 0; i < ASKED; i++) assert.equal(await heard(port), `word ${round}`)
    }
    assert.equal(begun(), ROUNDS, 'each is read once')
  } finally {
    await haproxy.stop()
    rmSync(dir, { recursive: true, force: true })
  }
})

/** HAProxy begins late, as on a busy machine. Returns how often it read its files: a master that has begins again to wait. */
function countedStarts(dir: string): () => number {
  const found = findExecutable('haproxy')!
  const [bin, starts] = [join(dir, 'bin'), join(dir, 'starts')]
  mkdirSync(bin)
  const script = `#!/bin/bash\n[ "$HAPROXY_MWORKER_WAIT_ONLY" ] || echo >> ${starts}\nsleep 0.3\nexec -a haproxy ${found} "$@"\n`
  writeFileSync(join(bin, 'haproxy'), script, { mode: 0o755 })
  process.env['PATH'] = `${bin}:${process.env['PATH']}`
  return () => readFileSync(starts, 'utf8').length
}
