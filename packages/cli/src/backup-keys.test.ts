// Keys beside a backup while they change.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { KEY_FILES, type KeyFiles } from '@brume/base/key-bundle'
import { keysOf, withEarlierKeys } from './backup-keys.ts'

const CA = 'the authority'
const OLD = { id: 'old', secret: 'b2xk' }
const CURRENT = { id: 'current', secret: 'Y3VycmVudA==' }
const fileOf = (...keys: object[]) => JSON.stringify({ keys })

function filesOf(dataDir: string): KeyFiles {
  const found = keysOf(dataDir, CA)
  assert.ok('files' in found, JSON.stringify(found))
  return found.files
}

test('a key that is dropped while the copy is made is saved with it', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'brume-keys-'))
  try {
    mkdirSync(join(dataDir, 'pki'))
    for (const name of KEY_FILES.slice(1)) writeFileSync(join(dataDir, name), CA)
    const file = join(dataDir, KEY_FILES[0])
    writeFileSync(file, fileOf(OLD))
    const before = filesOf(dataDir)
    assert.deepEqual(withEarlierKeys(filesOf(dataDir), before), before)
    writeFileSync(file, fileOf(CURRENT))
    const saved = withEarlierKeys(filesOf(dataDir), before)
    assert.deepEqual(JSON.parse(saved[KEY_FILES[0]]!), { keys: [CURRENT, OLD] })
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
