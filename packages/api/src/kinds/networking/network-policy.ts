// NetworkPolicy: which traffic the selected pods may have.

import { formatStructured } from '../../selectors/structured.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import {
  networkPolicyWarnings,
  setNetworkPolicyDefaults,
  validateNetworkPolicy,
} from './network-policy-rules.ts'

export const networkPolicy = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  hasGeneration: true,
  columns: [text('Pod-Selector', (object) => formatStructured(object.spec?.podSelector)), age],
  setDefaults: setNetworkPolicyDefaults,
  validate: validateNetworkPolicy,
  warnings: networkPolicyWarnings,
})
