import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { followFile, tailOf } from './follow.ts'

const LIMIT = { timeout: 60_000 }

describe('a file that grows', () => {
  let dir = ''
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'brume-follow-'))
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  it('ends with its last lines, however long the file is', LIMIT, async () => {
    const path = join(dir, 'long')
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} é`)
    writeFileSync(path, `${lines.join('\n')}\n`)
    const { text } = await tailOf(path, 3)
    assert.equal(text, 'line 19997 é\nline 19998 é\nline 19999 é\n')
    assert.equal((await tailOf(path, 15_000)).text.split('\n').length, 15_001)
    assert.equal((await tailOf(path, 0)).text, '')
    assert.equal((await tailOf(path, 1e6)).text, `${lines.join('\n')}\n`)
  })

  it('ends with nothing when it is empty', LIMIT, async () => {
    const path = join(dir, 'empty')
    writeFileSync(path, '')
    assert.deepEqual(await tailOf(path, 5), { text: '', end: 0 })
  })

  it('is followed through growth, cutting and replacement', LIMIT, async () => {
    const path = join(dir, 'followed')
    writeFileSync(path, 'old\n')
    const { end } = await tailOf(path, 1)
    const stop = new AbortController()
    let seen = ''
    const following = followFile(
      path,
      end,
      (text) => {
        seen += text
      },
      stop.signal,
    )
    const sees = (text: string) => eventually(`${text} is seen`, () => seen.endsWith(text))
    appendFileSync(path, 'one\n')
    await sees('one\n')
    renameSync(path, `${path}.1`)
    appendFileSync(`${path}.1`, 'last of the old\n')
    writeFileSync(path, 'first of the new\n')
    await sees('first of the new\n')
    truncateSync(path, 0)
    appendFileSync(path, 'cut\n')
    await sees('cut\n')
    stop.abort()
    await following
    assert.equal(seen, 'one\nlast of the old\nfirst of the new\ncut\n')
  })
})
