import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { removeTree } from '@brume/machine/remove-tree'
import { directoryUsage } from './directory-usage.ts'

const dir = mkdtempSync(join(tmpdir(), 'brume-directory-usage-'))
after(() => removeTree(dir))

const HIDE: Record<string, string> = {
  'many directories down':
    'name=$(printf "d%.0s" $(seq 50)); for i in $(seq 300); do mkdir $name && cd $name || exit 1; done; $write',
  'below a name that is no text': 'name=$(printf "\\377"); mkdir "$name" && cd "$name" && $write',
  'by a name that is no text': 'name=$(printf "\\377"); $write && mv file "$name"',
}

for (const [where, script] of Object.entries(HIDE)) {
  it(`finds what somebody hides ${where}`, async () => {
    const root = join(dir, where)
    mkdirSync(root)
    const env = { ...process.env, write: 'dd if=/dev/zero of=file bs=1M count=3' }
    execFileSync('bash', ['-c', script], { cwd: root, env, stdio: 'ignore' })
    const { bytes } = await directoryUsage(root)
    assert.ok(bytes >= 3 * 1024 * 1024, `${bytes}`)
  })
}
