import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, refuses, refusesUpdates } from '../testing.ts'

const CONFIG = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { 'a.conf': 'x' } }

refuses(CONFIG, [
  [
    'has plain keys',
    { data: { 'a b': 'x' } },
    [
      "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ],
  [
    'is no way up in a directory',
    { data: { '..': 'x' } },
    ['data[..]: Invalid value: "..": must not be \'..\''],
  ],
  [
    'has a key once',
    { data: { k: 'x' }, binaryData: { k: 'eA==' } },
    ['data[k]: Invalid value: "k": duplicate of key present in binaryData'],
  ],
  ['takes a mebibyte', { data: { k: 'x'.repeat(1024 * 1024) } }, []],
  [
    'takes no more than a mebibyte',
    { data: { k: 'x'.repeat(1024 * 1024) }, binaryData: { b: 'eA==' } },
    ['[]: Too long: may not be more than 1048576 bytes'],
  ],
])

refusesUpdates({ ...CONFIG, immutable: true }, [
  [
    'stays as it is once immutable',
    { immutable: undefined, data: { k: 'y' }, binaryData: { b: 'eA==' } },
    [
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
      'binaryData: Forbidden: field is immutable when `immutable` is set',
    ],
  ],
])

test('the table counts both kinds of keys', () => {
  assert.equal(cellsOf({ ...CONFIG, binaryData: { b: 'eA==' } })['Data'], 2)
})
