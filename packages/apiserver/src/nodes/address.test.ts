import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { StatusError } from '@brume/base/errors'
import type { ObjectReader } from '../registry/reader.ts'
import { nodeAddress } from './address.ts'

function readerOf(status: object | undefined): ObjectReader {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status } as KubeObject
  return {
    get: (_group, _plural, _namespace, name) => (name === 'n' ? node : undefined),
    list: () => [],
    onChange: () => () => {},
  }
}

test('the address that other nodes use comes first, with the port that the agent tells', () => {
  const addresses = [
    { type: 'Hostname', address: 'machine' },
    { type: 'ExternalIP', address: '203.0.113.1' },
    { type: 'InternalIP', address: '10.0.0.1' },
  ]
  const daemonEndpoints = { kubeletEndpoint: { Port: 4711 } }
  assert.deepEqual(nodeAddress(readerOf({ addresses, daemonEndpoints }), 'n'), {
    host: '10.0.0.1',
    port: 4711,
  })
  assert.deepEqual(nodeAddress(readerOf({ addresses: addresses.slice(0, 2) }), 'n'), {
    host: 'machine',
    port: 10_250,
  })
})

test('a node that is not there, or has told no address, is said to be so', () => {
  const refusal = (reader: ObjectReader, name: string) => {
    try {
      return nodeAddress(reader, name)
    } catch (error) {
      assert.ok(error instanceof StatusError)
      return [error.code, error.message]
    }
  }
  assert.deepEqual(refusal(readerOf(undefined), 'other'), [404, 'nodes "other" not found'])
  assert.deepEqual(refusal(readerOf({ addresses: [{ type: 'Odd', address: 'x' }] }), 'n'), [
    503,
    'node "n" cannot be asked: no preferred addresses found; known addresses: [Odd:x]',
  ])
})
