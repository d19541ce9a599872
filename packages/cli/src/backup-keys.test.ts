// Keys beside a backup while they change.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { KEY_FILES, type KeyFiles } from '@brume/base/key-bundle'
import { dropOldKeys, ensureKeyFile, readKeyFile, rotateKey } from '@brume/store/encryption/key-file'
import { keysOf, withEarlierKeys } from './backup-keys.ts'

const CA = 'the authority'

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
    const [old] = ensureKeyFile(file)
    const before = filesOf(dataDir)
    assert.equal(withEarlierKeys(filesOf(dataDir), before)[KEY_FILES[0]], before[KEY_FILES[0]])
    rotateKey(file)
    const [current] = dropOldKeys(file)
    const saved = withEarlierKeys(filesOf(dataDir), before)
    writeFileSync(file, saved[KEY_FILES[0]]!)
    assert.deepEqual(readKeyFile(file), [current, old])
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
