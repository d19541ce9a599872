import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '@brume/machine/run'

const MODULE = join(import.meta.dirname, 'begin-again.ts')

test('a process that had to compile begins again as the same, and one that had not goes on', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-begin-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const main = join(dir, 'main.ts')
  writeFileSync(
    main,
    `import { beginAgainOnceCompiled } from ${JSON.stringify(MODULE)}
const words: string[] = process.argv.slice(2)
console.log('begins', process.pid)
beginAgainOnceCompiled()
console.log('runs', process.pid, process.execArgv.join(), words.join())
`,
  )
  const env = { NODE_COMPILE_CACHE: join(dir, 'cache') }
  const start = async () => {
    const { stdout, stderr } = await run([process.execPath, '--no-opt', main, 'a', 'b c'], { env })
    assert.equal(stderr, '')
    return stdout.trim().split('\n')
  }
  const [first = '', second = '', third = '', ...more] = await start()
  assert.deepEqual(more, [])
  const pid = /^begins (\d+)$/.exec(first)?.[1]
  assert.deepEqual([second, third], [`begins ${pid}`, `runs ${pid} --no-opt a,b c`])
  const [again = '', runs = ''] = await start()
  assert.match(again, /^begins/)
  assert.match(runs, /^runs \d+ --no-opt a,b c$/)
})
