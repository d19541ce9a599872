import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type DataDir, dataDirAt } from '../data-dir.ts'
import { UserError } from '../user-error.ts'
import { checkRanges, decideRanges, keepRanges } from './ranges.ts'

const says = (message: RegExp, next: RegExp, exitCode: number) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error))
  assert.match(error.message, message)
  assert.match(error.next, next)
  return error.exitCode === exitCode
}

describe('the ranges that a cloud is started with', () => {
  const wrong: [object, RegExp, RegExp][] = [
    [
      { podRange: 'ten' },
      /^--pod-range ten is not a range of IPv4 addresses such as 10\.42\.0\.0\/16$/,
      /--pod-range 10\.42\.0\.0\/16$/,
    ],
    [{ podRange: '10.42.0.0' }, /is not a range/, /--pod-range/],
    [{ podRange: 'fd00::/64' }, /is not a range of IPv4/, /--pod-range/],
    [
      { podRange: '10.42.0.0/25' },
      /is too small: at least a \/24, since each node takes one$/,
      /--pod-range/,
    ],
    [
      { podRange: '127.0.0.0/16' },
      /is within 127\.0\.0\.0\/8, which is no range of machines$/,
      /--pod-range/,
    ],
    [{ podRange: '10.0.0.0/7' }, /is too large: at most a \/8$/, /--pod-range/],
    [
      { podRange: '10.42.7.1/16' },
      /is an address within 10\.42\.0\.0\/16, not a range$/,
      /--pod-range 10\.42\.0\.0\/16$/,
    ],
    [
      { serviceRange: '10.96.0.0/31' },
      /^--service-range 10\.96\.0\.0\/31 is too small: at least a \/30/,
      /--service-range 10\.96\.0\.0\/16$/,
    ],
    [
      { podRange: '10.96.0.0/16', serviceRange: '10.96.128.0/17' },
      /overlap: no address can be a pod's and a Service's$/,
      /--pod-range 10\.42/,
    ],
    [{ podRange: '10.42.0.0/16', cniConfDir: '/etc/cni' }, /contradict each other/, /--cni-conf \/etc\/cni$/],
  ]
  for (const [options, message, next] of wrong) {
    it(`are refused with the flag and an example: ${JSON.stringify(options)}`, () => {
      assert.throws(() => checkRanges({ noNode: false, ...options }), says(message, next, 2))
    })
  }

  it('are fine where nothing is wrong with them, or where none is given', () => {
    checkRanges({ noNode: false })
    checkRanges({ noNode: false, podRange: '10.42.0.0/16', serviceRange: '10.96.0.0/16' })
  })
})

describe('the ranges of a cloud that was started before', () => {
  let root: string
  let dir: DataDir
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'brume-ranges-'))
    dir = dataDirAt(join(root, 'data'))
    mkdirSync(dir.root)
  })
  after(() => rmSync(root, { recursive: true, force: true }))

  it('are kept, whether they are given again or not; others are refused', async () => {
    const first = { noNode: true, podRange: '10.50.0.0/16', serviceRange: '10.60.0.0/16' }
    const kept = { podRange: first.podRange, serviceRange: first.serviceRange }
    keepRanges(dir, (await decideRanges(first, dir))!)
    assert.deepEqual(await decideRanges({ noNode: true }, dir), kept)
    assert.deepEqual(await decideRanges(first, dir), kept)
    const other = { noNode: true, serviceRange: '10.61.0.0/16' }
    await assert.rejects(
      decideRanges(other, dir),
      says(
        /^--service-range 10\.61\.0\.0\/16: the Services of this cloud have addresses of 10\.60\.0\.0\/16/,
        /--service-range 10\.60\.0\.0\/16 /,
        1,
      ),
    )
  })
})
