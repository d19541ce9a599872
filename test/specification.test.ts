// docs/SPECIFICATION.md names a test for every promise. Whether it proves it is for readers to judge; that it exists is
// checked here.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '..')
const PROMISE = /^- \*\*([A-Z]\d+)\*\* /
const PROOF = /`([^`]+\.test\.ts)`: ((?:"[^"]+"(?:; )?)+)$/
/** `kubectlSuite` makes its own tests, one for each kubectl. */
const TITLE =
  /\b(?:test|it|describe|kubectlSuite)\(\s*(?:`((?:[^`\\]|\\.)*)`|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g

interface Claim {
  id: string
  proofs: { file: string; titles: string[] }[]
}

const promises = readPromises(readFileSync(join(ROOT, 'docs/SPECIFICATION.md'), 'utf8'))

function readPromises(text: string): Claim[] {
  const found: Claim[] = []
  for (const line of text.split('\n')) {
    const promise = PROMISE.exec(line)
    if (promise !== null) found.push({ id: promise[1]!, proofs: [] })
    const proof = PROOF.exec(line)
    if (proof === null) continue
    const titles = [...proof[2]!.matchAll(/"([^"]+)"/g)].map((match) => match[1]!)
    found.at(-1)!.proofs.push({ file: proof[1]!, titles })
  }
  return found
}

function titlesOf(file: string): Set<string> {
  const matches = readFileSync(join(ROOT, file), 'utf8').matchAll(TITLE)
  return new Set([...matches].map(([, a, b, c]) => (a ?? b ?? c)!.replaceAll(/\\(['"`])/g, '$1')))
}

describe('the specification', () => {
  test('numbers every promise once', () => {
    assert.ok(promises.length > 40, `${promises.length} promises were read`)
    const ids = promises.map(({ id }) => id)
    assert.deepEqual(ids, [...new Set(ids)])
  })

  test('names a proof for every promise', () => {
    assert.deepEqual(
      promises.filter(({ proofs }) => proofs.length === 0).map(({ id }) => id),
      [],
    )
  })

  test('names tests that exist', () => {
    const missing: string[] = []
    for (const { id, proofs } of promises) {
      for (const { file, titles } of proofs) {
        if (!existsSync(join(ROOT, file))) {
          missing.push(`${id}: there is no ${file}`)
          continue
        }
        const known = titlesOf(file)
        for (const title of titles)
          if (!known.has(title)) missing.push(`${id}: ${file} has no test "${title}"`)
      }
    }
    assert.deepEqual(missing, [])
  })
})
