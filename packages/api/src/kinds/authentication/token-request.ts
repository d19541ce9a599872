// TokenRequest: asks for a token of a ServiceAccount, through that kind's token subresource only; hence no verbs.

import { createdAt } from '../cells.ts'
import { defineKind } from '../define.ts'
import { validateTokenSeconds } from '../storage/csi-driver.ts'

export const tokenRequest = defineKind({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  plural: 'tokenrequests',
  verbs: [],
  hasGeneration: false,
  hasStatus: false,
  stored: false,
  columns: [createdAt],
  setDefaults(object) {
    object.spec ??= {}
    object.spec.expirationSeconds ??= DEFAULT_SECONDS
  },
  validate: ({ spec }) => validateTokenSeconds(spec.expirationSeconds, 'spec.expirationSeconds'),
})

const DEFAULT_SECONDS = 3600
