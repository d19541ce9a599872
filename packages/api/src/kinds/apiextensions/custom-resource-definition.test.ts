import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../object.ts'
import { customResourceDefinition as kind } from './custom-resource-definition.ts'

function crd(change: (crd: KubeObject) => void = () => {}): KubeObject {
  const object: KubeObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
        },
      ],
    },
  }
  change(object)
  kind.setDefaults!(object)
  kind.prepareForCreate!(object)
  return object
}

function errorsOf(change: (crd: KubeObject) => void): string[] {
  return kind.validate!(crd(change), { now: 0 }).map((e) => `${e.field}: ${e.message}`)
}

test('names, conversion and the stored version are filled in', () => {
  const object = crd()
  assert.equal(object['spec'].names.singular, 'thing')
  assert.equal(object['spec'].names.listKind, 'ThingList')
  assert.deepEqual(object['spec'].conversion, { strategy: 'None' })
  assert.deepEqual(object['status'].storedVersions, ['v1'])
  assert.deepEqual(
    errorsOf(() => {}),
    [],
  )
})

test('the name is plural and group', () => {
  assert.deepEqual(
    errorsOf((o) => {
      o.metadata.name = 'thing.example.com'
    }),
    ['metadata.name: Invalid value: "thing.example.com": must be spec.names.plural+"."+spec.group'],
  )
})

test('group, scope and names follow their rules', () => {
  const errors = errorsOf((o) => {
    o['spec'].group = 'example'
    o['spec'].scope = 'Galaxy'
    o['spec'].names = { plural: 'Things', kind: 'Thing', listKind: 'Thing', shortNames: ['-'] }
    o.metadata.name = 'Things.example'
  })
  assert.deepEqual(
    errors.map((e) => e.slice(0, 70)),
    [
      'spec.group: Invalid value: "example": should be a domain with at least',
      'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", ',
      'spec.names.plural: Invalid value: "Things": a DNS-1035 label must cons',
      'spec.names.shortNames[0]: Invalid value: "-": a DNS-1035 label must co',
      'spec.names.listKind: Invalid value: "Thing": kind and listKind may not',
    ],
  )
})

test('exactly one version is stored, each has a schema and its own name', () => {
  const errors = errorsOf((o) => {
    o['spec'].versions.push({ name: 'v1', served: true, storage: true })
  })
  assert.deepEqual(errors, [
    'spec.versions[1].schema.openAPIV3Schema: Required value',
    'spec.versions: Invalid value: ["v1","v1"]: must contain unique version names',
    'spec.versions: Invalid value: ["v1","v1"]: must have exactly one version marked as storage version',
  ])
})

test('what versions share is reported under spec', () => {
  const broken = { openAPIV3Schema: { type: 'object', properties: { spec: {} } } }
  const message = 'Required value: must not be empty for specified object fields'
  assert.deepEqual(
    errorsOf((o) => {
      o['spec'].versions[0].schema = broken
    }),
    [`spec.validation.openAPIV3Schema.properties[spec].type: ${message}`],
  )
  assert.deepEqual(
    errorsOf((o) => {
      o['spec'].versions.push({ ...o['spec'].versions[0], name: 'v2', storage: false, schema: broken })
    }),
    [`spec.versions[1].schema.openAPIV3Schema.properties[spec].type: ${message}`],
  )
})

test('columns, scale and selectable fields fit the schema', () => {
  const errors = errorsOf((o) => {
    Object.assign(o['spec'].versions[0], {
      additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: 'spec' }],
      subresources: { status: {}, scale: { specReplicasPath: '.status.x' } },
      selectableFields: [{ jsonPath: '.spec.nothing' }, { jsonPath: '.spec' }],
    })
  })
  assert.deepEqual(errors, [
    'spec.subresources.scale.specReplicasPath: Invalid value: ".status.x": should be a json path under .spec',
    'spec.subresources.scale.statusReplicasPath: Required value',
    'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
    'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .',
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec.nothing": is an invalid path: does not refer to a valid field',
    'spec.selectableFields[1].jsonPath: Invalid value: ".spec": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
  ])
})

test('a webhook needs an address and review versions', () => {
  const errors = errorsOf((o) => {
    o['spec'].conversion = { strategy: 'Webhook', webhook: { clientConfig: { url: 'http://a/?b' } } }
  })
  assert.deepEqual(errors, [
    'spec.conversion.webhookClientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
    'spec.conversion.webhookClientConfig.url: Invalid value: "b": query parameters are not permitted in the URL',
    'spec.conversion.conversionReviewVersions: Required value',
  ])
})

test('what identifies an established kind does not change', () => {
  const old = crd()
  old['status'].conditions = [{ type: 'Established', status: 'True' }]
  const next = crd((o) => {
    o['spec'].scope = 'Cluster'
    o['spec'].names.kind = 'Other'
    o['spec'].group = 'other.com'
  })
  const errors = kind.validateUpdate!(next, old, { now: 0 })
  assert.deepEqual(
    errors.map((e) => e.field),
    ['spec.scope', 'spec.names.kind', 'spec.group'],
  )
})

test('a version that was stored must stay, and a new storage version is noted', () => {
  const old = crd()
  const next = crd((o) => {
    o['spec'].versions = [{ ...o['spec'].versions[0], name: 'v2' }]
  })
  next['status'] = old['status']
  kind.prepareForUpdate!(next, old)
  assert.deepEqual(next['status'].storedVersions, ['v1', 'v2'])
  assert.deepEqual(old['status'].storedVersions, ['v1'])
  const errors = kind.validate!(next, { now: 0 })
  assert.deepEqual(
    errors.map((e) => e.field),
    ['status.storedVersions[0]'],
  )
})

test('groups of the Kubernetes project need an approval', () => {
  const errors = errorsOf((o) => {
    o['spec'].group = 'x.k8s.io'
    o.metadata.name = 'things.x.k8s.io'
  })
  assert.equal(errors.length, 1)
  assert.match(
    errors[0]!,
    /^metadata\.annotations\[api-approved\.kubernetes\.io\]: Required value: protected groups/,
  )
})

test('warns of formats that nothing checks, once', () => {
  const format = (value: string) =>
    crd((o) => {
      const { properties } = o['spec'].versions[0].schema.openAPIV3Schema
      properties.spec = { type: 'object', properties: { a: { type: 'string', format: value } } }
    })
  assert.deepEqual(kind.warnings!(format('mine'), undefined), ['unrecognized format "mine"'])
  assert.deepEqual(kind.warnings!(format('mine'), format('mine')), [])
  assert.deepEqual(kind.warnings!(format('date-time'), undefined), [])
})
