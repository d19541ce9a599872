import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { freePort } from '@brume/testkit/free-port'
import { infoOf } from './admin.ts'
import { Haproxy } from './process.ts'

const skip = findExecutable('haproxy') === undefined ? 'haproxy is not installed' : false
const ROUNDS = 25
const SERVED_LIMIT_MS = 2000

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

function heard(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = get({ host: '127.0.0.1', port, agent: false }, (response) => {
      let text = ''
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () => resolve(text))
    })
    sent.on('error', reject)
  })
}

test('what was applied is served, however quickly changes follow each other', {
  skip,
  timeout: 120_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-reload-'))
  const haproxy = new Haproxy(dir)
  const port = await freePort()
  try {
    for (let round = 0; round < ROUNDS; round++) {
      haproxy.write('haproxy.cfg', configuration(dir, port, `word ${round}`))
      await haproxy.reload(async () => (await infoOf(haproxy.socket)).fingerprint === `word-${round}`)
      // The worker before may take a connection or two until it is told to end.
      await eventually(
        `word ${round} is served`,
        async () => (await heard(port)) === `word ${round}`,
        SERVED_LIMIT_MS,
      )
    }
  } finally {
    await haproxy.stop()
    rmSync(dir, { recursive: true, force: true })
  }
})
