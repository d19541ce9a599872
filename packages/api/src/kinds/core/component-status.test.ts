import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, kindOf } from '../testing.ts'

const STATUS = {
  apiVersion: 'v1',
  kind: 'ComponentStatus',
  metadata: { name: 'store' },
  conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
}

test('can be read, is never stored, and is on its way out', () => {
  assert.deepEqual(kindOf(STATUS).verbs, ['get', 'list'])
  assert.equal(kindOf(STATUS).stored, false)
  assert.equal(kindOf(STATUS).deprecation, 'v1 ComponentStatus is deprecated in v1.19+')
})

test('the table shows health', () => {
  assert.deepEqual(cellsOf(STATUS), { Name: 'store', Status: 'Healthy', Message: 'ok', Error: '' })
  assert.equal(cellsOf({ ...STATUS, conditions: [] })['Status'], 'Unknown')
})
