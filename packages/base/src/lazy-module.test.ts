import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lazyModule } from './lazy-module.ts'

test('gives the same module as a plain import, each time', async () => {
  const values = lazyModule<typeof import('./values.ts')>('./values.ts', import.meta.url)
  assert.equal(values().deepFreeze, (await import('./values.ts')).deepFreeze)
  assert.equal(values(), values())
})

test('loads nothing before it is called', () => {
  const missing = lazyModule('./no-such-module.ts', import.meta.url)
  assert.throws(missing, { code: 'MODULE_NOT_FOUND' })
})
