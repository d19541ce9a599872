// The checker finds what it is there to find.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Change, Ledger } from './ledger.ts'

const KEY = 'configmaps/k-a'
const at = (revision: number, token: string) => ({ token, revision, uid: 'u' })

/** A key that was put at 5 ("one") and 7 ("two"). */
function twoPuts(): Ledger {
  const ledger = new Ledger()
  for (const [revision, token] of [
    [5, 'one'],
    [7, 'two'],
  ] as const) {
    ledger.attempt(KEY, { verb: 'put', token })
    ledger.acknowledge(KEY, at(revision, token))
  }
  return ledger
}

const found = (written?: { token: string; revision: number; uid: string }) =>
  new Map(written === undefined ? [] : [[KEY, written]])
const change = (type: Change['type'], revision: number, token: string): Change => ({
  type,
  key: KEY,
  revision,
  token,
})
const ALL = { after: 1, through: 100 }

describe('the checker of acknowledged writes', () => {
  it('takes the last acknowledged write', () => {
    twoPuts().reconcile(found(at(7, 'two')))
  })

  it('finds a lost write, an older state and a foreign one', () => {
    assert.throws(() => twoPuts().reconcile(found()), /found absent/)
    assert.throws(() => twoPuts().reconcile(found(at(5, 'one'))), /acknowledged .*two.*found .*one/)
    assert.throws(() => twoPuts().reconcile(found(at(9, 'three'))), /found .*three/)
    assert.throws(() => twoPuts().reconcile(found({ ...at(7, 'two'), uid: 'v' })), /another object/)
  })

  it('takes a write that was under way as done or not done, and nothing else', () => {
    const underWay = () => {
      const ledger = twoPuts()
      ledger.attempt(KEY, { verb: 'put', token: 'three' })
      return ledger
    }
    underWay().reconcile(found(at(7, 'two')))
    underWay().reconcile(found(at(9, 'three')))
    assert.throws(() => underWay().reconcile(found(at(6, 'three'))), /found/)
    assert.throws(() => underWay().reconcile(found()), /found absent/)
  })

  it('finds a revision that is given twice or goes back', () => {
    const ledger = twoPuts()
    ledger.attempt(KEY, { verb: 'put', token: 'three' })
    assert.throws(() => ledger.acknowledge(KEY, at(7, 'three')), /given twice/)
    assert.throws(() => ledger.acknowledge(KEY, at(6, 'three')), /not after/)
  })

  it('finds an object that nobody wrote', () => {
    assert.throws(() => new Ledger().reconcile(found(at(7, 'two'))), /never written/)
  })

  it('finds a write that is missing in the history, happened twice, or is another one', () => {
    const [one, two] = [change('ADDED', 5, 'one'), change('MODIFIED', 7, 'two')]
    twoPuts().checkHistory([one, two], ALL, 'configmaps/')
    assert.throws(() => twoPuts().checkHistory([one], ALL, 'configmaps/'), /not in the history/)
    const again = change('MODIFIED', 9, 'two')
    assert.throws(() => twoPuts().checkHistory([one, two, again], ALL, 'configmaps/'), /happened twice/)
    const foreign = change('MODIFIED', 9, 'x')
    assert.throws(() => twoPuts().checkHistory([one, two, foreign], ALL, 'configmaps/'), /nobody wrote/)
    const swapped = [change('ADDED', 5, 'two'), change('MODIFIED', 7, 'one')]
    assert.throws(() => twoPuts().checkHistory(swapped, ALL, 'configmaps/'), /revision 5/)
  })
})
