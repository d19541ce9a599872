// What users write, at random: nothing throws, and what must hold holds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { parseResolvConf } from './dns.ts'
import { expand } from './expand.ts'

const SEED = Number(process.env['BRUME_SEED'] ?? 20261120)
const ROUNDS = 3000
const PIECES = ['$', '$$', '(', ')', '$(', '$(A)', '$(B)', '$(NONE)', 'a', ' ', 'ü', '\n', '$()', '$((A))']
const VALUES = new Map([
  ['A', '$(B)'],
  ['B', ''],
])

test(`expansion at random (BRUME_SEED=${SEED})`, () => {
  const random = seededRandom(SEED)
  for (let round = 0; round < ROUNDS; round++) {
    const text = Array.from({ length: random.below(12) }, () => PIECES[random.below(PIECES.length)]).join('')
    const where = JSON.stringify(text)
    // What is escaped comes out as it was; a reference to nothing stays.
    assert.equal(
      expand(text.replaceAll('$', '$$$$'), (name) => VALUES.get(name)),
      text,
      where,
    )
    const nothing = expand(text, () => undefined)
    assert.equal(nothing.replaceAll('$', ''), text.replaceAll('$', ''), where)
  }
})

test(`resolv.conf at random (BRUME_SEED=${SEED})`, () => {
  const random = seededRandom(SEED)
  const sample = Buffer.from('nameserver 192.0.2.1\nsearch a.example b.example\noptions ndots:5 edns0\n# x\n')
  for (let round = 0; round < ROUNDS; round++) {
    const { servers, searches, options } = parseResolvConf(mutateBytes(sample, random).toString('latin1'))
    for (const word of [...servers, ...searches, ...options]) assert.equal(/\s/.test(word), false)
  }
})
