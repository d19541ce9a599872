// The launcher installs the npm packages itself: once, also when two are started at the same time.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'

const ROOT = resolve(import.meta.dirname, '..')
const LIMIT = { timeout: 60_000, skip: existsSync('/usr/bin/flock') ? false : 'flock is not installed' }
const run = promisify(execFile)

describe('a fresh checkout', () => {
  let dir = ''
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'brume-checkout-'))
    mkdirSync(join(dir, 'packages/cli/src'), { recursive: true })
    mkdirSync(join(dir, 'bin'))
    copyFileSync(join(ROOT, 'brume'), join(dir, 'brume'))
    writeFileSync(join(dir, 'packages/cli/src/main.ts'), "console.log('ran', ...process.argv.slice(2))\n")
    writeFileSync(join(dir, 'package-lock.json'), '{}\n')
    // As npm ci does: the folder goes first, and comes back some moments later.
    const npm = `#!/bin/sh\necho "$1" >> ${dir}/calls\nrm -rf node_modules\nsleep 0.3\nmkdir node_modules\n`
    writeFileSync(join(dir, 'bin/npm'), npm)
    chmodSync(join(dir, 'bin/npm'), 0o755)
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  const brume = (word: string) => {
    const path = `${join(dir, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`
    return run(join(dir, 'brume'), [word], { env: { PATH: path, HOME: dir } })
  }
  const calls = () => readFileSync(join(dir, 'calls'), 'utf8')

  test('gets its packages once, however many are started at the same time', LIMIT, async () => {
    const ran = await Promise.all(['a', 'b', 'c'].map(brume))
    assert.deepEqual(
      ran.map(({ stdout }) => stdout),
      ['ran a\n', 'ran b\n', 'ran c\n'],
    )
    assert.equal(calls(), 'ci\n')
  })

  test('gets them again when the lock file is another one', LIMIT, async () => {
    writeFileSync(join(dir, 'package-lock.json'), '{ "changed": true }\n')
    const { stderr } = await brume('d')
    assert.match(stderr, /installing npm packages/)
    await brume('e')
    assert.equal(calls(), 'ci\nci\n')
  })
})
