import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { removeTree } from './remove-tree.ts'

/** In a shell, which goes down step by step: the whole path is longer than the kernel takes. */
const DEEP = `
name=$(printf 'd%.0s' $(seq 100))
for i in $(seq 120); do mkdir "$name" && cd "$name" || exit 1; done
echo x > file
ln -s / link
mkdir "$(printf 'odd \\377 name')"
`

describe('a directory that is removed', { timeout: 60_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-remove-tree-'))
  after(() => rmSync(dir, { recursive: true, force: true }))

  it('goes however deep it is, and what links lead to stays', async () => {
    const [tree, other] = ['tree', 'other'].map((name) => join(dir, name)) as [string, string]
    for (const path of [tree, other]) mkdirSync(path)
    writeFileSync(join(other, 'file'), 'stays')
    symlinkSync(other, join(tree, 'link'))
    for (const path of [tree, join(tree, 'second')]) {
      mkdirSync(path, { recursive: true })
      execFileSync('bash', ['-c', DEEP], { cwd: path, stdio: ['ignore', 'ignore', 'inherit'] })
    }
    await removeTree(tree)
    assert.equal(existsSync(tree), false)
    assert.equal(existsSync(join(other, 'file')), true)
  })

  // What Node itself began to remove goes on for a while when it gives up; two at once do the same for certain.
  it('goes also when parts of it go meanwhile', async () => {
    const tree = join(dir, 'wide')
    for (let i = 0; i < 300; i++) mkdirSync(join(tree, `d${i}`, 'below', 'that'), { recursive: true })
    execFileSync('bash', ['-c', DEEP], { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] })
    await Promise.all([removeTree(tree), removeTree(tree)])
    assert.equal(existsSync(tree), false)
  })

  it('may be gone already, and may be a file', async () => {
    await removeTree(join(dir, 'nothing'))
    writeFileSync(join(dir, 'file'), '')
    await removeTree(join(dir, 'file'))
    assert.equal(existsSync(join(dir, 'file')), false)
  })
})
