import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@brume/base/errors'
import { type GivenDeleteOptions, judgeDeleteOptions, parseDeleteOptions } from './delete-options.ts'

function refused(given: GivenDeleteOptions): string[] {
  try {
    judgeDeleteOptions(given)
    return []
  } catch (error) {
    assert.ok(error instanceof StatusError && error.code === 422)
    return (error.details?.causes ?? []).map(({ field }) => field ?? '')
  }
}

const parsed = (query: string, body = '') =>
  parseDeleteOptions({
    query: new URLSearchParams(query),
    headers: { 'content-type': 'application/json' },
    bodyBytesToCome: 0,
    readBody: async () => Buffer.from(body),
  } as never)

test('how dependents fare is said in one way, and in words that exist', () => {
  assert.deepEqual(refused({ propagationPolicy: 'Foreground' }), [])
  assert.deepEqual(refused({ propagationPolicy: 'Foreground', orphanDependents: true }), [
    'propagationPolicy',
  ])
  assert.deepEqual(refused({ propagationPolicy: 'foreground' }), ['propagationPolicy'])
  assert.deepEqual(refused({ dryRun: ['None'] }), ['dryRun'])
})

test('a time below zero counts as one second', () => {
  assert.equal(judgeDeleteOptions({ gracePeriodSeconds: -5 }).gracePeriodSeconds, 1)
  assert.equal(judgeDeleteOptions({ gracePeriodSeconds: 0 }).gracePeriodSeconds, 0)
})

test('options come from the body, else from the query', async () => {
  const query = 'gracePeriodSeconds=7&propagationPolicy=Orphan&dryRun=All'
  const fromQuery = await parsed(query)
  assert.deepEqual(
    [fromQuery.gracePeriodSeconds, fromQuery.propagation, fromQuery.dryRun],
    [7, 'Orphan', true],
  )
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'u', resourceVersion: '3' } }
  const fromBody = await parsed('gracePeriodSeconds=7', JSON.stringify(body))
  assert.deepEqual(
    [fromBody.gracePeriodSeconds, fromBody.uid, fromBody.resourceVersion],
    [undefined, 'u', '3'],
  )
})

test('what cannot be read is 400', async () => {
  for (const body of [
    '[]',
    'null',
    '{',
    '"x"',
    '{"kind":"Pod"}',
    '{"gracePeriodSeconds":"x"}',
    '{"dryRun":{}}',
  ]) {
    await assert.rejects(
      parsed('', body),
      (error) => error instanceof StatusError && error.code === 400,
      body,
    )
  }
  await assert.rejects(
    parsed('gracePeriodSeconds=x'),
    (error) => error instanceof StatusError && error.code === 400,
  )
})
