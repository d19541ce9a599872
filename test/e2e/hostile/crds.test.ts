// Custom kinds that are meant to hurt: in their number, their size, their patterns and their paths.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { type Http, httpOf } from '@brume/testkit/http'
import { openSession } from './session.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const GROUP = 'hostile.example.com'

let plane: TestControlPlane
let http: Http

before(async () => {
  plane = await startTestControlPlane()
  http = httpOf(plane)
})
after(() => plane.stop())

interface Options {
  /** Of spec. */
  properties?: object
  columns?: object[]
  scope?: 'Namespaced' | 'Cluster'
}

function crd(
  name: string,
  { properties = { a: { type: 'string' } }, columns = [], scope = 'Cluster' }: Options = {},
) {
  const schema = { type: 'object', properties: { spec: { type: 'object', properties } } }
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    additionalPrinterColumns: columns,
  }
  const kind = name[0]!.toUpperCase() + name.slice(1)
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${name}s.${GROUP}` },
    spec: { group: GROUP, scope, names: { plural: `${name}s`, singular: name, kind }, versions: [version] },
  }
}

async function establish(name: string, options: Options = {}): Promise<void> {
  const made = await http.send('POST', CRDS, crd(name, options))
  assert.equal(made.status, 201, made.text.slice(0, 500))
  await eventually(`${name} to be served`, async () => (await http.send('GET', pathOf(name))).status === 200)
}

const pathOf = (name: string) => `/apis/${GROUP}/v1/${name}s`

const instance = (name: string, spec: object) => ({
  apiVersion: `${GROUP}/v1`,
  kind: name[0]!.toUpperCase() + name.slice(1),
  metadata: { name: 'x' },
  spec,
})

test('two hundred kinds come and go, and discovery and OpenAPI follow at once', async () => {
  const amount = 200
  const names = Array.from({ length: amount }, (_, i) => `many${i}`)
  const made = await Promise.all(names.map((name) => http.send('POST', CRDS, crd(name))))
  assert.ok(made.every(({ status }) => status === 201))
  const kinds = async () => {
    const { status, body } = await http.send('GET', `/apis/${GROUP}/v1`)
    if (status === 404) return 0
    return (body.resources as { name: string }[]).filter(({ name }) => !name.includes('/')).length
  }
  await eventually('all kinds in discovery', async () => (await kinds()) === amount)
  const document = await http.send('GET', `/openapi/v3/apis/${GROUP}/v1`)
  assert.equal(document.status, 200)
  for (const name of names) assert.ok(document.text.includes(`/apis/${GROUP}/v1/${name}s"`), name)
  const aggregated = await http.send('GET', '/apis', undefined, {
    headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' },
  })
  assert.ok(aggregated.text.includes('many199s'))
  // One of them with objects and a watch on it: both go with the kind.
  assert.equal((await http.send('POST', pathOf('many0'), instance('many0', { a: 'b' }))).status, 201)
  const session = await openSession(plane)
  const { stream } = await session.open({ method: 'GET', path: `${pathOf('many0')}?watch=1` })
  let events = ''
  let isEnded = false
  stream.on('data', (chunk: Buffer) => {
    events += chunk
  })
  stream.on('end', () => {
    isEnded = true
  })
  const gone = await Promise.all(names.map((name) => http.send('DELETE', `${CRDS}/${name}s.${GROUP}`)))
  assert.ok(gone.every(({ status }) => status === 200))
  await eventually('no kind in discovery', async () => (await kinds()) === 0)
  assert.equal((await http.send('GET', pathOf('many0'))).status, 404)
  assert.equal((await http.send('GET', `/openapi/v3/apis/${GROUP}/v1`)).status, 404)
  await eventually('the end of the watch', () => isEnded)
  assert.match(events, /"type":"DELETED"/)
  session.close()
})

test('a pattern is matched in time that grows with the text, however it is written', async () => {
  const patterns = ['^(a+)+$', '^(a|aa)+$', '(.*)*b', '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*$']
  const properties = Object.fromEntries(patterns.map((pattern, i) => [`p${i}`, { type: 'string', pattern }]))
  await establish('regex', { properties })
  const bomb = `${'a'.repeat(50_000)}!`
  for (const i of patterns.keys()) {
    const body = instance('regex', { [`p${i}`]: bomb })
    const { status } = await http.send('POST', `${pathOf('regex')}?dryRun=All`, body)
    assert.ok([201, 422].includes(status), `${status}`)
  }
  assert.equal((await http.send('GET', '/readyz')).status, 200)
})

test('a definition with a pattern or a path that cannot be read is refused', async () => {
  const bad = await http.send(
    'POST',
    CRDS,
    crd('badpattern', { properties: { a: { type: 'string', pattern: '(' } } }),
  )
  assert.equal(bad.status, 422, bad.text)
  for (const jsonPath of ['.spec[', '$..', '.spec[?(@.a==', `.${'a.'.repeat(50_000)}`, '']) {
    const columns = [{ name: 'C', type: 'string', jsonPath }]
    const { status } = await http.send('POST', CRDS, crd('badpath', { columns }))
    if (status === 201) await http.send('DELETE', `${CRDS}/badpaths.${GROUP}`)
    assert.ok([201, 422].includes(status), `${jsonPath.slice(0, 20)}: ${status}`)
  }
})

test('columns that look at everything again and again are still answered', async () => {
  const columns = Array.from({ length: 20 }, (_, i) => ({
    name: `C${i}`,
    type: 'string',
    jsonPath: '.spec.items[*].x[*].y[*].z',
  }))
  const item = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  await establish('column', { columns, properties: { items: { type: 'array', items: item } } })
  const y = Array.from({ length: 40 }, () => ({ z: 'z' }))
  const x = Array.from({ length: 40 }, () => ({ y }))
  const items = Array.from({ length: 40 }, () => ({ x }))
  assert.equal((await http.send('POST', pathOf('column'), instance('column', { items }))).status, 201)
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const table = await http.send('GET', pathOf('column'), undefined, { headers: { accept } })
  assert.equal(table.status, 200)
  assert.equal(table.body.kind, 'Table')
})

test('a definition of thousands of fields works, one nested beyond reason is refused', async () => {
  const properties = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, i) => [`f${i}`, { type: 'string', description: 'x'.repeat(50) }]),
  )
  await establish('giant', { properties })
  const spec = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, 'v']))
  const made = await http.send('POST', pathOf('giant'), instance('giant', spec))
  assert.equal(made.status, 201, made.text.slice(0, 300))
  assert.equal((await http.send('GET', `/openapi/v3/apis/${GROUP}/v1`)).status, 200)
  let nested: object = { type: 'string' }
  for (let i = 0; i < 300; i++) nested = { type: 'object', properties: { a: nested } }
  const { status } = await http.send('POST', CRDS, crd('nested', { properties: { a: nested } }))
  assert.ok([201, 400, 422].includes(status), `${status}`)
  if (status === 201) {
    await eventually('the nested kind', async () => (await http.send('GET', pathOf('nested'))).status === 200)
    let value: object | string = 'x'
    for (let i = 0; i < 300; i++) value = { a: value }
    assert.equal((await http.send('POST', pathOf('nested'), instance('nested', { a: value }))).status, 201)
  }
  for (const path of ['/openapi/v2', `/openapi/v3/apis/${GROUP}/v1`, '/apis']) {
    assert.equal((await http.send('GET', path)).status, 200, path)
  }
})

test('objects of a kind that keeps whatever it is given stay readable, however they grow', async () => {
  await establish('free', {
    properties: { any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  })
  const path = pathOf('free')
  assert.equal((await http.send('POST', path, instance('free', { any: {} }))).status, 201)
  const contentType = 'application/json-patch+json'
  let at = '/spec/any'
  let last = 200
  // Each patch is shallow; what they build is not.
  for (let i = 0; i < 20 && last === 200; i++) {
    let value: object = {}
    for (let depth = 0; depth < 90; depth++) value = { n: value }
    const patch = [{ op: 'add', path: `${at}/n`, value }]
    last = (await http.send('PATCH', `${path}/x`, patch, { contentType })).status
    at += '/n'.repeat(91)
  }
  assert.ok(last === 200 || last === 422 || last === 400, `${last}`)
  // The same with the other patches, which know no paths.
  for (const type of ['application/merge-patch+json', 'application/apply-patch+yaml']) {
    let deep: object = {}
    for (let depth = 0; depth < 980; depth++) deep = { n: deep }
    const body = instance('free', { any: deep })
    const options = {
      contentType: type,
      query: { fieldManager: 'deep', ...(type.includes('apply') ? { force: 'true' } : {}) },
    }
    const { status } = await http.send('PATCH', `${path}/x`, body, options)
    assert.ok([200, 400, 422].includes(status), `${type}: ${status}`)
  }
  const size = { contentType: 'application/merge-patch+json' }
  let grown = 200
  for (let i = 0; i < 30 && grown === 200; i++) {
    const patch = { spec: { any: { [`big${i}`]: 'x'.repeat(2_900_000) } } }
    grown = (await http.send('PATCH', `${path}/x`, patch, size)).status
  }
  assert.equal(grown, 413, 'an object has a largest size')
  for (const accept of [
    'application/json',
    'application/yaml',
    'application/json;as=Table;v=v1;g=meta.k8s.io',
  ]) {
    const { status } = await http.send('GET', path, undefined, { headers: { accept } })
    assert.equal(status, 200, accept)
  }
  assert.equal((await http.send('DELETE', `${path}/x`)).status, 200)
})
