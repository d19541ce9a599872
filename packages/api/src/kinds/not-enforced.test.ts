import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../object.ts'
import { builtinResources } from './builtin.ts'
import { NOT_ENFORCED } from './not-enforced.ts'

function warningsOf(object: KubeObject, old?: KubeObject): string[] {
  const kind = builtinResources().find((definition) => definition.kind === object.kind)!
  return kind.warnings!(object, old)
}

const object = (kind: string, fields: object): KubeObject => ({
  apiVersion: 'x',
  kind,
  metadata: { name: 'x' },
  ...fields,
})

const definition = (spec: object, schema: object) =>
  object('CustomResourceDefinition', {
    spec: { ...spec, versions: [{ name: 'v1', schema: { openAPIV3Schema: schema } }] },
  })

const RULES = { 'x-kubernetes-validations': [{ rule: 'self > 0' }] }

test('what is stored and not acted upon is warned of when it is written', () => {
  const cases: [KubeObject, string][] = [
    [object('ValidatingWebhookConfiguration', { webhooks: [{}] }), NOT_ENFORCED.webhooks],
    [object('MutatingWebhookConfiguration', { webhooks: [{}] }), NOT_ENFORCED.webhooks],
    [object('ValidatingAdmissionPolicy', { spec: {} }), NOT_ENFORCED.policies],
    [object('ValidatingAdmissionPolicyBinding', { spec: {} }), NOT_ENFORCED.policies],
    [object('APIService', { spec: { service: { name: 's' } } }), NOT_ENFORCED.apiServices],
    [definition({ conversion: { strategy: 'Webhook' } }, { type: 'object' }), NOT_ENFORCED.conversion],
    [
      definition(
        {},
        { type: 'object', properties: { a: { type: 'array', items: { type: 'integer', ...RULES } } } },
      ),
      NOT_ENFORCED.celRules,
    ],
  ]
  for (const [written, text] of cases) {
    assert.deepEqual(warningsOf(written), [text], written.kind)
    const labelled = { ...written, metadata: { name: 'x', labels: { a: 'b' } }, status: { conditions: [] } }
    assert.deepEqual(warningsOf(labelled, written), [], `${written.kind}: only its labels changed`)
    const changed = { ...written, spec: { ...written['spec'], changed: true } }
    assert.deepEqual(warningsOf(changed, written), [text], `${written.kind}: it changed`)
  }
})

test('what is acted upon is not warned of', () => {
  assert.deepEqual(warningsOf(object('APIService', { spec: {} })), [])
  assert.deepEqual(warningsOf(definition({ conversion: { strategy: 'None' } }, { type: 'object' })), [])
})
