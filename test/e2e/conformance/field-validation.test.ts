// Conformance: unknown and duplicate fields of built-in and custom kinds, refused, warned about or ignored.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { parseWarning } from '@brume/client/warning'
import type { Answer } from '@brume/testkit/http'
import { conformanceApi } from './api.ts'
import { ANYTHING, type CustomKind, define, version } from './custom.ts'

const api = conformanceApi()

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const APPLY = 'application/apply-patch+yaml'
const MERGE = 'application/merge-patch+json'

const send = (
  method: string,
  path: string,
  body: string,
  fieldValidation: string,
  contentType = 'application/json',
) =>
  api.send(method, path, body, {
    contentType,
    query: {
      fieldValidation,
      ...(contentType === APPLY ? { fieldManager: 'conformance', force: 'true' } : {}),
    },
  })

const warningsOf = ({ headers }: Answer) =>
  [headers['warning'] ?? []].flat().flatMap((header) => parseWarning(header))

const deployment = (name: string, more = '') =>
  `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"${name}","labels":{"app":"a"}},"spec":{${more}
   "replicas":0,"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},
   "spec":{"containers":[{"name":"c","image":"i"}]}}}}`

describe('a built-in kind', () => {
  const faulty = (name: string) => deployment(name, '"unknown1":1,"paused":false,"paused":true,')

  test('is refused when strict, naming each unknown and duplicate field', async () => {
    const answer = await send('POST', DEPLOYMENTS, faulty('strict'), 'Strict')
    assert.equal(answer.status, 400, answer.text)
    assert.match(answer.body.message, /strict decoding error: /)
    assert.match(answer.body.message, /unknown field "spec\.unknown1"/)
    assert.match(answer.body.message, /duplicate field "spec\.paused"/)
  })

  test('is written with warnings, which is the default, or in silence', async () => {
    for (const [name, mode, amount] of [
      ['warn', 'Warn', 2],
      ['default', '', 2],
      ['ignore', 'Ignore', 0],
    ] as const) {
      const answer = await api.send('POST', DEPLOYMENTS, faulty(name), {
        query: mode === '' ? {} : { fieldValidation: mode },
      })
      assert.equal(answer.status, 201, answer.text)
      assert.equal(warningsOf(answer).length, amount, mode)
      assert.equal(answer.body.spec.paused, true, 'the last of a duplicate counts')
      assert.equal(answer.body.spec.unknown1, undefined)
    }
    const answer = await send('PATCH', `${DEPLOYMENTS}/warn`, '{"spec":{"unknown2":1}}', 'Warn', MERGE)
    assert.match(warningsOf(answer).join(), /^unknown field "spec\.unknown2"$/)
  })

  test('is refused by apply and by each patch', async () => {
    await send('POST', DEPLOYMENTS, deployment('patched'), 'Strict')
    const path = `${DEPLOYMENTS}/patched`
    const merge = await send('PATCH', path, '{"spec":{"unknown":1}}', 'Strict', MERGE)
    assert.equal(merge.status, 422, merge.text)
    assert.match(merge.body.message, /unknown field "spec\.unknown"/)
    const strategic = await send(
      'PATCH',
      path,
      '{"spec":{"unknown":1,"paused":true,"paused":false}}',
      'Strict',
      'application/strategic-merge-patch+json',
    )
    assert.equal(strategic.status, 422, strategic.text)
    assert.match(strategic.body.message, /duplicate field "spec\.paused"/)
    const json = await send(
      'PATCH',
      path,
      '[{"op":"add","path":"/spec/unknown","value":1}]',
      'Strict',
      'application/json-patch+json',
    )
    assert.equal(json.status, 422, json.text)
    const apply = await send('PATCH', path, deployment('patched', '"unknown":1,'), 'Strict', APPLY)
    assert.equal(apply.status, 500, apply.text)
    assert.match(apply.body.message, /\.spec\.unknown: field not declared in schema/)
  })

  test('is refused for fields of its metadata and of nested metadata that nobody knows', async () => {
    const root = deployment('m').replace('"labels":{"app":"a"}', '"unknownMeta":"x","labels":{"app":"a"}')
    const inRoot = await send('POST', DEPLOYMENTS, root, 'Strict')
    assert.equal(inRoot.status, 400, inRoot.text)
    assert.match(inRoot.body.message, /unknown field "metadata\.unknownMeta"/)
    const nested = deployment('m').replace(
      '"template":{"metadata":{',
      '"template":{"metadata":{"unknownMeta":"x",',
    )
    const inTemplate = await send('POST', DEPLOYMENTS, nested, 'Strict')
    assert.match(inTemplate.body.message, /unknown field "spec\.template\.metadata\.unknownMeta"/)
  })

  test('in YAML is judged alike', async () => {
    const yaml =
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: "1"\n  a: "2"\nunknown: 1\n'
    const answer = await send(
      'POST',
      '/api/v1/namespaces/default/configmaps',
      yaml,
      'Strict',
      'application/yaml',
    )
    assert.equal(answer.status, 400, answer.text)
    assert.match(answer.body.message, /key "a" already set in map/)
    assert.match(answer.body.message, /unknown field "unknown"/)
  })
})

describe('a custom kind', () => {
  const PORTS = {
    type: 'array',
    items: {
      type: 'object',
      required: ['containerPort'],
      properties: { containerPort: { type: 'integer' }, hostPort: { type: 'integer' } },
    },
  }
  const EMBEDDED = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  }
  const spec = (properties: object, more: object = {}) => ({
    type: 'object',
    properties: { spec: { type: 'object', properties, ...more } },
  })
  const preserving = { 'x-kubernetes-preserve-unknown-fields': true }
  const CASES = {
    strict: spec({ knownField1: { type: 'string' }, ports: PORTS }),
    preserving: spec({ knownField1: { type: 'string' }, ports: PORTS }, preserving),
    embedding: spec({ template: EMBEDDED }, preserving),
    anything: ANYTHING,
  }
  const kinds: Partial<Record<keyof typeof CASES, CustomKind>> = {}
  before(async () => {
    for (const [name, schema] of Object.entries(CASES)) {
      kinds[name as keyof typeof CASES] = await define(api, {
        versions: [version('v1', schema)],
        spec: { scope: 'Cluster' },
      })
    }
  })
  const write = (
    of: keyof typeof CASES,
    content: string,
    mode: string,
    { metadata = '', apply = false } = {},
  ) => {
    const kind = kinds[of]!
    const body = `{"apiVersion":"${kind.apiVersion()}","kind":"Foo","metadata":{"name":"n"${metadata}},${content}}`
    if (!apply)
      return send(
        'POST',
        kind.path(),
        body.replace('"n"', '"generateName":"n-"').replace('"name":"generateName"', '"generateName"'),
        mode,
      )
    return send('PATCH', `${kind.path()}/n`, body, mode, APPLY)
  }

  test('without a schema takes any field', async () => {
    for (const apply of [false, true]) {
      const answer = await write('anything', '"unknown":{"deep":[1]}', 'Strict', { apply })
      assert.equal(answer.status, 201, answer.text)
      assert.deepEqual(answer.body.unknown, { deep: [1] })
    }
  })

  test('with a schema takes what fits it', async () => {
    for (const apply of [false, true]) {
      const answer = await write(
        'strict',
        '"spec":{"knownField1":"v","ports":[{"containerPort":80}]}',
        'Strict',
        { apply },
      )
      assert.equal(answer.status, 201, answer.text)
    }
  })

  test('with a schema is refused for more than fits it, at any depth', async () => {
    const content = '"spec":{"unknownField":1,"ports":[{"containerPort":80,"unknownNested":1}]}'
    const created = await write('strict', content, 'Strict')
    assert.equal(created.status, 400, created.text)
    assert.match(created.body.message, /unknown field "spec\.unknownField"/)
    assert.match(created.body.message, /unknown field "spec\.ports\[0\]\.unknownNested"/)
    const applied = await write('strict', content, 'Strict', { apply: true })
    assert.ok(applied.status === 500 || applied.status === 422 || applied.status === 400, applied.text)
    assert.match(applied.body.message, /field not declared in schema|unknown field/)
    const warned = await write('strict', content, 'Warn')
    assert.equal(warned.status, 201, warned.text)
    assert.equal(warningsOf(warned).length, 2)
    assert.equal(warned.body.spec.unknownField, undefined, 'pruned')
    const ignored = await write('strict', content, 'Ignore')
    assert.deepEqual([ignored.status, warningsOf(ignored).length], [201, 0])
  })

  test('that keeps unknown fields is refused for duplicates all the same', async () => {
    const content = '"spec":{"unknownField":1,"knownField1":"a","knownField1":"b"}'
    const answer = await write('preserving', content, 'Strict')
    assert.equal(answer.status, 400, answer.text)
    assert.match(answer.body.message, /duplicate field "spec\.knownField1"/)
    assert.doesNotMatch(answer.body.message, /unknown field/)
    const applied = await write('preserving', content, 'Strict', { apply: true })
    assert.ok(applied.status === 400, applied.text)
    assert.match(applied.body.message, /key "knownField1" already set in map/)
  })

  test('is refused for unknown metadata, its own and that of embedded objects', async () => {
    const template =
      '"spec":{"template":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","unknownSub":1},"spec":{"free":1}}}'
    const both = await write('embedding', template, 'Strict', { metadata: ',"unknownMeta":1' })
    assert.equal(both.status, 400, both.text)
    assert.match(both.body.message, /unknown field "metadata\.unknownMeta"/)
    assert.match(both.body.message, /unknown field "spec\.template\.metadata\.unknownSub"/)
    assert.doesNotMatch(both.body.message, /free/)
    const warned = await write('embedding', template, 'Warn', { metadata: ',"unknownMeta":1' })
    assert.equal(warned.status, 201, warned.text)
    assert.equal(warningsOf(warned).length, 2)
    assert.equal(warned.body.metadata.unknownMeta, undefined)
    assert.equal(warned.body.spec.template.metadata.unknownSub, undefined)
    assert.equal(warned.body.spec.template.spec.free, 1)
  })

  test('is refused by a patch that brings what is unknown or twice there', async () => {
    const made = await write('strict', '"spec":{"knownField1":"v"}', 'Strict')
    const path = `${kinds.strict!.path()}/${made.body.metadata.name}`
    const patch = await send(
      'PATCH',
      path,
      '{"spec":{"unknown":1,"knownField1":"a","knownField1":"b"}}',
      'Strict',
      MERGE,
    )
    assert.equal(patch.status, 422, patch.text)
    assert.match(patch.body.message, /duplicate field "spec\.knownField1"/)
    assert.match(patch.body.message, /unknown field "spec\.unknown"/)
  })
})
