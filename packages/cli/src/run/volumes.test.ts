import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UsageError } from '@brume/base/command-line'
import { parseVolume } from './volumes.ts'

describe('--volume', () => {
  for (const [text, source, path, readOnly] of [
    ['/cache', { type: 'passing' }, '/cache', false],
    ['1Gi:/data', { type: 'new', size: '1Gi' }, '/data', false],
    ['0.5G:/data', { type: 'new', size: '0.5G' }, '/data', false],
    ['photos:/data:ro', { type: 'claim', name: 'photos' }, '/data', true],
    ['configmap:settings:/etc/app', { type: 'configmap', name: 'settings' }, '/etc/app', false],
    ['secret:keys:/etc/keys:ro', { type: 'secret', name: 'keys' }, '/etc/keys', true],
    ['host:/srv/www:/www', { type: 'host', path: '/srv/www' }, '/www', false],
  ] as const) {
    it(`takes ${text}`, () => assert.deepEqual(parseVolume(text), { path, readOnly, source }))
  }
  for (const text of [
    '',
    'data',
    'ro',
    '1Gi:data',
    'host:/srv',
    'host:srv:/www',
    'secret::/x',
    'a:b:/c',
    ':/c',
  ]) {
    it(`refuses "${text}" and says what there is`, () => {
      const says = (error: unknown) => error instanceof UsageError && /configmap:NAME/.test(error.message)
      assert.throws(() => parseVolume(text), says)
    })
  }
})
