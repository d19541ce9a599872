// Defaults and rules of the webhooks in a configuration, of either kind.

import { duplicate, type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { optionalOneOf } from '../../validate/choices.ts'
import { validateFullyQualifiedName } from '../../validate/domains.ts'
import { oneOf } from '../../validate/fields.ts'
import { invalidList } from '../../validate/go-list.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { validateLabelSelector } from '../../validate/labels.ts'
import { isDNS1035Label } from '../../validate/names.ts'
import { validateClientConfig } from '../../validate/webhook-client.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { setRuleDefaults, validateRule } from './match-rules.ts'

const DEFAULT_TIMEOUT_SECONDS = 10
const MAX_TIMEOUT_SECONDS = 30
const REVIEW_VERSIONS = ['v1', 'v1beta1']

interface WebhookKind {
  mutating: boolean
}

export function setWebhookDefaults(object: KubeObject, { mutating }: WebhookKind): void {
  for (const webhook of listOf(object['webhooks'])) {
    webhook.failurePolicy ??= 'Fail'
    webhook.matchPolicy ??= 'Equivalent'
    webhook.namespaceSelector ??= {}
    webhook.objectSelector ??= {}
    webhook.timeoutSeconds ??= DEFAULT_TIMEOUT_SECONDS
    if (mutating) webhook.reinvocationPolicy ??= 'Never'
    if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443
    for (const rule of listOf(webhook.rules)) setRuleDefaults(rule)
  }
}

export function validateWebhooks(object: KubeObject, kind: WebhookKind): FieldError[] {
  const names = new Set<string>()
  return listOf(object['webhooks']).flatMap((webhook, i) => {
    const field = `webhooks[${i}]`
    const errors = validateWebhook(webhook, field, kind)
    if (names.has(webhook.name)) errors.push(duplicate(`${field}.name`, webhook.name))
    names.add(webhook.name)
    return errors
  })
}

function validateWebhook(webhook: Json, field: string, { mutating }: WebhookKind): FieldError[] {
  const errors = validateFullyQualifiedName(webhook.name ?? '', `${field}.name`)
  const versions: string[] = listOf(webhook.admissionReviewVersions)
  errors.push(...validateVersions(versions, `${field}.admissionReviewVersions`))
  for (const [i, rule] of listOf(webhook.rules).entries()) {
    errors.push(...validateRule(rule, `${field}.rules[${i}]`))
  }
  errors.push(...optionalOneOf(`${field}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore']))
  errors.push(...optionalOneOf(`${field}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact']))
  const effects = ['None', 'NoneOnDryRun']
  if (!webhook.sideEffects) {
    errors.push(required(`${field}.sideEffects`, `must specify one of ${effects.join(', ')}`))
  } else errors.push(...oneOf(`${field}.sideEffects`, webhook.sideEffects, effects))
  const seconds: number = webhook.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS
  if (seconds < 1 || seconds > MAX_TIMEOUT_SECONDS) {
    const why = `the timeout value must be between 1 and ${MAX_TIMEOUT_SECONDS} seconds`
    errors.push(invalid(`${field}.timeoutSeconds`, seconds, why))
  }
  errors.push(...validateLabelSelector(webhook.namespaceSelector, `${field}.namespaceSelector`))
  errors.push(...validateLabelSelector(webhook.objectSelector, `${field}.objectSelector`))
  if (mutating) {
    const policies = ['IfNeeded', 'Never']
    errors.push(...optionalOneOf(`${field}.reinvocationPolicy`, webhook.reinvocationPolicy, policies))
  }
  errors.push(...validateClientConfig(webhook.clientConfig, `${field}.clientConfig`))
  return [...errors, ...validateMatchConditions(listOf(webhook.matchConditions), `${field}.matchConditions`)]
}

function validateVersions(versions: string[], field: string): FieldError[] {
  if (versions.length === 0) return [required(field, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)]
  const errors: FieldError[] = []
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) errors.push(duplicate(`${field}[${i}]`, version))
    else errors.push(...isDNS1035Label(version).map((why) => invalid(`${field}[${i}]`, version, why)))
  }
  if (versions.some((version) => REVIEW_VERSIONS.includes(version))) return errors
  return [
    ...errors,
    invalidList(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`),
  ]
}
