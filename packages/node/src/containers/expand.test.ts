import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expand, lookup } from './expand.ts'

const VALUES = lookup(
  new Map([['VAR', 'first']]),
  new Map([
    ['VAR', 'second'],
    ['EMPTY', ''],
    ['OTHER', '$(VAR)'],
  ]),
)

const CASES: [string, string][] = [
  ['plain', 'plain'],
  ['$(VAR)', 'first'],
  ['a$(VAR)b$(OTHER)c', 'afirstb$(VAR)c'],
  ['[$(EMPTY)]', '[]'],
  ['$(MISSING)', '$(MISSING)'],
  ['$$(VAR)', '$(VAR)'],
  ['$$$(VAR)', '$first'],
  ['$$$$(VAR)', '$$(VAR)'],
  ['$(VAR', '$(VAR'],
  ['$(', '$('],
  ['$', '$'],
  ['cost: 5$', 'cost: 5$'],
  ['$x$(VAR)', '$xfirst'],
  ['$VAR)', '$VAR)'],
  ['$()', '$()'],
  ['$(VAR)$(VAR)', 'firstfirst'],
  ['$((VAR))', '$((VAR))'],
  ['ünïcode $(VAR) ✓', 'ünïcode first ✓'],
]

for (const [text, expected] of CASES) {
  test(`${text} becomes ${expected}`, () => assert.equal(expand(text, VALUES), expected))
}
