// CertificateSigningRequest: asks a signer for a certificate; people or controllers approve or deny it.

import { deepClone } from '@brume/base/values'
import type { KubeObject } from '../../object.ts'
import { text } from '../cells.ts'
import { age, humanDuration } from '../columns.ts'
import { defineKind } from '../define.ts'
import { validateRequest, validateSigning } from './request-rules.ts'

export const certificateSigningRequest = defineKind({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  hasGeneration: false,
  subresources: [{ name: 'approval', kind: 'CertificateSigningRequest', verbs: ['get', 'patch', 'update'] }],
  columns: [
    age,
    text('SignerName', (object) => object.spec?.signerName || '<none>'),
    text('Requestor', (object) => object.spec?.username),
    text('RequestedDuration', durationCell),
    text('Condition', conditionCell),
  ],
  selectableFields: { 'spec.signerName': (object) => object.spec?.signerName ?? '' },
  validateName: () => [],
  // Who asks, and for what, never changes.
  prepareForUpdate(object, old) {
    object.spec = deepClone(old.spec)
  },
  validate: validateRequest,
  validateStatusUpdate: validateSigning,
})

function durationCell(object: KubeObject): string {
  const seconds = object.spec?.expirationSeconds
  return seconds === undefined || seconds === null ? '<none>' : humanDuration(seconds * 1000)
}

function conditionCell(object: KubeObject): string {
  const conditions: { type: string }[] = object.status?.conditions ?? []
  const has = (type: string) => conditions.some((condition) => condition.type === type)
  const parts: string[] = []
  if (has('Denied')) parts.push('Denied')
  else if (has('Approved')) parts.push('Approved')
  else parts.push('Pending')
  if (has('Failed')) parts.push('Failed')
  if ((object.status?.certificate ?? '') !== '') parts.push('Issued')
  return parts.join(',')
}
