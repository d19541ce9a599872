import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { TERMINATION_MESSAGE_PATH, TERMINATION_MESSAGE_POLICY } from '../containers/names.ts'
import { readTerminationMessage } from './termination-message.ts'

describe('what a container left to say why it ended', { timeout: 20_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-termination-'))
  after(() => rmSync(dir, { recursive: true, force: true }))
  const readAt = (name: string, more: { policy?: string; logPath?: string } = {}) =>
    readTerminationMessage({
      exitCode: 1,
      annotations: {
        [TERMINATION_MESSAGE_PATH]: '/said',
        [TERMINATION_MESSAGE_POLICY]: more.policy ?? 'File',
      },
      mounts: [{ containerPath: '/said', hostPath: join(dir, name) }],
      ...(more.logPath === undefined ? {} : { logPath: more.logPath }),
    })

  it('is the beginning of its file', async () => {
    writeFileSync(join(dir, 'file'), 'x'.repeat(5000))
    assert.equal(await readAt('file'), 'x'.repeat(4096))
  })

  it('is the end of its log, where it asks for that and has left nothing else', async () => {
    const logPath = join(dir, 'log')
    writeFileSync(logPath, '2026-01-01T00:00:00.000000000Z stderr F out of luck\n')
    writeFileSync(join(dir, 'empty'), '')
    assert.equal(await readAt('empty', { policy: 'FallbackToLogsOnError', logPath }), 'out of luck\n')
    assert.equal(await readAt('empty', { logPath }), '')
  })

  it('is nothing where a volume has put a pipe in its place, and nobody waits for it', async () => {
    execFileSync('mkfifo', [join(dir, 'pipe')])
    // As many as wait for files at a time: one that blocked would stop all others.
    assert.deepEqual(await Promise.all(Array.from({ length: 8 }, () => readAt('pipe'))), Array(8).fill(''))
  })

  it('is never a file of the node that a link leads to', async () => {
    writeFileSync(join(dir, 'secret'), 'of the node')
    symlinkSync(join(dir, 'secret'), join(dir, 'link'))
    mkdirSync(join(dir, 'directory'))
    assert.match(await readAt('link'), /^Error on reading termination log/)
    assert.equal(await readAt('directory'), '')
  })
})
