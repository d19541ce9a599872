import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definitionNames, schemaFor } from './compile.ts'
import { embedFields, parseFactLine } from './fact-line.ts'
import type { FieldSchema, ListSchema, ObjectSchema } from './schema.ts'

const field = (type: string, name: string): FieldSchema => {
  const found = schemaFor(type).fields.get(name)
  assert.ok(found, `${type}.${name}`)
  return found
}

test('a field has its number, type, list keys and merge strategy', () => {
  const ports = field('io.k8s.api.core.v1.Container', 'ports')
  assert.equal(ports.number, 6)
  assert.equal(ports.required, false)
  assert.equal(ports.patchStrategy, 'merge')
  assert.equal(ports.patchMergeKey, 'containerPort')
  const list = ports.schema as ListSchema
  assert.equal(list.listType, 'map')
  assert.deepEqual(list.listKeys, ['containerPort', 'protocol'])
  assert.equal((list.items as ObjectSchema).name, 'io.k8s.api.core.v1.ContainerPort')
})

test('required, omitempty, pointer and default come from the Go type', () => {
  assert.equal(field('io.k8s.api.core.v1.Container', 'name').required, true)
  const replicas = field('io.k8s.api.apps.v1.DeploymentSpec', 'replicas')
  assert.deepEqual(
    { omitEmpty: replicas.omitEmpty, pointer: replicas.pointer },
    { omitEmpty: true, pointer: true },
  )
  assert.equal(field('io.k8s.api.core.v1.ContainerPort', 'protocol').schema.default, 'TCP')
  assert.deepEqual(field('io.k8s.api.core.v1.ContainerPort', 'protocol').schema, {
    kind: 'scalar',
    scalar: 'string',
    goType: 'v1.Protocol',
    enum: ['SCTP', 'TCP', 'UDP'],
    default: 'TCP',
  })
})

test('embedded messages are inlined, with the way to them on the wire', () => {
  assert.deepEqual(field('io.k8s.api.core.v1.Volume', 'emptyDir').protoPath, [2])
  assert.deepEqual(field('io.k8s.api.core.v1.Probe', 'httpGet').protoPath, [1])
  assert.deepEqual(
    field('io.k8s.api.admissionregistration.v1.NamedRuleWithOperations', 'apiGroups').protoPath,
    [2, 2],
  )
  assert.equal(field('io.k8s.api.core.v1.Pod', 'kind').number, 0)
})

test('fields come in the order of Go', () => {
  assert.deepEqual(
    [...schemaFor('io.k8s.api.core.v1.Pod').fields.keys()],
    ['kind', 'apiVersion', 'metadata', 'spec', 'status'],
  )
})

test('what apply replaces as a whole is atomic, unless the field says otherwise', () => {
  assert.equal(schemaFor('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector').atomic, true)
  assert.equal(schemaFor('io.k8s.api.core.v1.ObjectReference').atomic, true)
  const claimRef = field('io.k8s.api.core.v1.PersistentVolumeSpec', 'claimRef').schema as ObjectSchema
  assert.equal(claimRef.atomic, false)
  assert.equal(claimRef.name, 'io.k8s.api.core.v1.ObjectReference')
  const nodeSelector = field('io.k8s.api.core.v1.PodSpec', 'nodeSelector').schema
  assert.equal(nodeSelector.kind === 'map' && nodeSelector.atomic, true)
})

test('a schema is compiled once, and may contain itself', () => {
  const props = schemaFor('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps')
  assert.equal(props.fields.get('not')!.schema, props)
  assert.equal(schemaFor('io.k8s.api.core.v1.Pod'), schemaFor('io.k8s.api.core.v1.Pod'))
})

test('every definition compiles', () => {
  const names = definitionNames()
  assert.ok(names.length > 500)
  for (const name of names) assert.equal(schemaFor(name).name, name)
})

test('an unknown definition is a bug of the caller', () => {
  assert.throws(() => schemaFor('io.k8s.api.core.v1.Nothing'), { name: 'AssertionError' })
  assert.throws(() => schemaFor('com.example.Thing'), { name: 'AssertionError' })
})

test('a fact line may carry a default with spaces', () => {
  assert.deepEqual(parseFactLine('a 1 *string ? list=map:x,y patch=merge,retainKeys key=x default="b c"'), {
    name: 'a',
    number: 1,
    type: '*string',
    omitEmpty: true,
    required: false,
    listType: 'map',
    listKeys: ['x', 'y'],
    patchStrategy: 'merge,retainKeys',
    patchMergeKey: 'x',
    default: 'b c',
  })
})

test('what is embedded without a number is not on the wire', () => {
  const into = new Map<string, FieldSchema>()
  embedFields(into, schemaFor('io.k8s.apimachinery.pkg.apis.meta.v1.TypeMeta'), 0)
  assert.deepEqual(
    [...into.values()].map(({ number, protoPath }) => ({ number, protoPath })),
    [
      { number: 0, protoPath: undefined },
      { number: 0, protoPath: undefined },
    ],
  )
})
