import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLogger } from '@brume/base/log'
import { eventually } from '@brume/testkit/eventually'
import { tempDirs } from '../temp-dir.ts'
import { CheckpointerClient } from './checkpointer-client.ts'
import { connect } from './connection.ts'

const tempDir = tempDirs()
const MANY = 256

test('moves what was written into the file, ends when nothing more comes, and comes back', async () => {
  const file = join(tempDir(), 'store.db')
  const db = connect(file)
  db.exec('PRAGMA wal_autocheckpoint = 0')
  db.exec('CREATE TABLE numbers (n)')
  const checkpointer = new CheckpointerClient(file, silentLogger, 100)
  const commit = (times: number) => {
    for (let i = 0; i < times; i++) {
      db.exec('INSERT INTO numbers VALUES (hex(randomblob(500)))')
      checkpointer.wake()
    }
  }
  try {
    commit(MANY - 1)
    assert.equal(checkpointer.isRunning, false, 'a few commits need no thread')
    let size = statSync(file).size
    for (const round of ['first', 'second']) {
      commit(MANY)
      await eventually(`the ${round} checkpoint`, () => statSync(file).size > size)
      await eventually(`the ${round} end of the thread`, () => !checkpointer.isRunning)
      size = statSync(file).size
    }
  } finally {
    await checkpointer.stop()
    db.close()
  }
})
