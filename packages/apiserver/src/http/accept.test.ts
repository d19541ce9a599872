import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@brume/base/errors'
import { negotiate, type Offer, prettyOf, TABLE_VIEWS } from './accept.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const builtin: Offer = { views: TABLE_VIEWS, protobuf: true }
const custom: Offer = { views: TABLE_VIEWS, protobuf: false }
const as = (type: string, kind: string) => `${type};as=${kind};v=v1;g=meta.k8s.io`
const refused = (error: unknown) => error instanceof StatusError && error.code === 406

function chosen(header: string | undefined, offer: Offer): string {
  const { encoding, as: view } = negotiate(header, offer, null)
  return view === '' ? encoding : `${encoding} ${view}`
}

test('the first form that can be given is taken, by weight and then by order', () => {
  assert.equal(chosen(undefined, builtin), 'json')
  assert.equal(chosen(`${PROTOBUF}, application/json`, builtin), 'protobuf')
  assert.equal(chosen(`${PROTOBUF};q=0.5, application/yaml`, builtin), 'yaml')
  assert.equal(chosen(`application/xml, */*`, builtin), 'json')
  assert.throws(() => chosen('application/xml', builtin), refused)
})

test('a custom kind has no protobuf, but its metadata has', () => {
  assert.equal(chosen(`${PROTOBUF}, application/json`, custom), 'json')
  assert.throws(() => chosen(PROTOBUF, custom), refused)
  assert.equal(chosen(as(PROTOBUF, 'PartialObjectMetadata'), custom), 'protobuf PartialObjectMetadata')
  assert.equal(
    chosen(as(PROTOBUF, 'PartialObjectMetadataList'), custom),
    'protobuf PartialObjectMetadataList',
  )
})

test('a Table has no protobuf', () => {
  assert.throws(() => chosen(as(PROTOBUF, 'Table'), builtin), refused)
  assert.equal(chosen(`${as(PROTOBUF, 'Table')}, ${as('application/json', 'Table')}`, builtin), 'json Table')
  assert.equal(
    chosen(`${as('application/json', 'Table')}, application/json`, { views: [], protobuf: true }),
    'json',
  )
})

test('only tools that show answers to a person get them indented unasked', () => {
  const wish = (agent: string, query = '') => {
    const pretty = prettyOf({ query: new URLSearchParams(query), headers: { 'user-agent': agent } })
    return negotiate('application/json', builtin, pretty).pretty
  }
  assert.deepEqual(
    [wish('curl/8.0'), wish('Wget/1.21'), wish('kubectl/v1.32'), wish('')],
    [true, true, false, false],
  )
  assert.deepEqual([wish('curl/8.0', 'pretty=false'), wish('robot', 'pretty=true')], [false, true])
})
