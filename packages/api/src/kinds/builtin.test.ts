import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinResources } from './builtin.ts'

test('every kind is there once, with a schema that has its metadata', () => {
  const seen = new Set<string>()
  for (const definition of builtinResources()) {
    const key = `${definition.group}/${definition.version}/${definition.plural}`
    assert.ok(!seen.has(key), key)
    seen.add(key)
    assert.ok(definition.schema.fields.has('metadata'), key)
  }
  assert.ok(
    seen.has('/v1/pods') &&
      seen.has('apps/v1/deployments') &&
      seen.has('autoscaling/v1/horizontalpodautoscalers'),
  )
})

test('groups come in the order of Kubernetes, core kinds by name', () => {
  const groups = [...new Set(builtinResources().map((d) => d.group))]
  assert.deepEqual(groups.slice(0, 4), ['', 'apiregistration.k8s.io', 'apps', 'events.k8s.io'])
  assert.ok(groups.indexOf('policy') < groups.indexOf('rbac.authorization.k8s.io'))
  const core = builtinResources()
    .filter((d) => d.group === '')
    .map((d) => d.plural)
  assert.deepEqual(core, [...core].sort())
})

test('definitions are made once', () => {
  assert.equal(builtinResources(), builtinResources())
})

test('what is not said takes the usual value', () => {
  const find = (plural: string) => builtinResources().find((d) => d.plural === plural)!
  assert.deepEqual([find('deployments').hasGeneration, find('deployments').hasStatus], [true, true])
  assert.deepEqual(
    [find('pods').hasGeneration, find('pods').listKind, find('pods').singular],
    [false, 'PodList', 'pod'],
  )
  assert.deepEqual([...find('bindings').verbs], ['create'])
  assert.equal(find('pods').columns[0]?.name, 'Name')
})

test('conversions lead to a kind that is stored', () => {
  const all = builtinResources()
  for (const { conversion, plural } of all) {
    if (conversion === undefined) continue
    const storage = all.find(
      (d) =>
        d.group === conversion.storageGroup && d.version === conversion.storageVersion && d.plural === plural,
    )
    assert.ok(storage !== undefined && storage.conversion === undefined, plural)
  }
})
