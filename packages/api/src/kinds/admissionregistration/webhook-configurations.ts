// ValidatingWebhookConfiguration and MutatingWebhookConfiguration: who else is asked before a write.

import { integer, size } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { NOT_ENFORCED, warnsThat } from '../not-enforced.ts'
import { setWebhookDefaults, validateWebhooks } from './webhooks.ts'

export const validatingWebhookConfiguration = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [integer('Webhooks', (object) => size(object['webhooks'])), age],
  setDefaults: (object) => setWebhookDefaults(object, { mutating: false }),
  validate: (object) => validateWebhooks(object, { mutating: false }),
  warnings: warnsThat(NOT_ENFORCED.webhooks),
})

export const mutatingWebhookConfiguration = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [integer('Webhooks', (object) => size(object['webhooks'])), age],
  setDefaults: (object) => setWebhookDefaults(object, { mutating: true }),
  validate: (object) => validateWebhooks(object, { mutating: true }),
  warnings: warnsThat(NOT_ENFORCED.webhooks),
})
