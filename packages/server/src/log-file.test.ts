import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openLog } from './log-file.ts'

describe("the cloud's log file", () => {
  let dir = ''
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'brume-log-'))
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  it('has what is of note, for its owner alone', () => {
    const path = join(dir, 'log', 'brume.log')
    const logger = openLog(path, 'error')
    logger.info('node is ready', { node: 'n1' })
    logger.debug('detail')
    assert.match(readFileSync(path, 'utf8'), /^\S+ INFO {2}node is ready node=n1\n$/)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    openLog(path, 'error').info('again')
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 3)
  })

  it('is rotated when it has grown, and one earlier file is kept', () => {
    const path = join(dir, 'long')
    writeFileSync(path, 'x'.repeat(17 * 1024 * 1024))
    openLog(path, 'error').info('fresh')
    assert.match(readFileSync(path, 'utf8'), /fresh/)
    assert.equal(statSync(`${path}.1`).size, 17 * 1024 * 1024)
  })

  it('that cannot be written ends nothing', () => {
    openLog('/dev/null/no/file', 'error').info('lost')
    assert.equal(existsSync('/dev/null/no'), false)
  })
})
