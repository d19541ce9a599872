// CertificateSigningRequest: asks a signer for a certificate; people or controllers approve or deny it.

import { deepClone } from '@brume/base/values'
import type { KubeObject } from '../../object.ts'
import { text } from '../cells.ts'
import { age, humanDuration } from '../columns.ts'
import { defineKind } from '../define.ts'
import { validateConditions, validateRequest } from './request-rules.ts'

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
  // A certificate is for who asks: never for whom the request names.
  prepareForCreate(object, requester) {
    if (requester === undefined) return
    const { name, uid, groups, extra } = requester
    const { spec } = object
    for (const field of ['username', 'uid', 'groups', 'extra']) delete spec[field]
    spec.username = name
    if (uid !== undefined && uid !== '') spec.uid = uid
    if (groups.length > 0) spec.groups = [...groups]
    if (extra !== undefined && Object.keys(extra).length > 0) spec.extra = deepClone(extra)
  },
  // Who asks, and for what, never changes.
  prepareForUpdate(object, old) {
    object.spec = deepClone(old.spec)
  },
  validate: validateRequest,
  validateStatusUpdate: validateConditions,
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
