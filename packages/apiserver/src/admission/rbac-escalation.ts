// Nobody grants more than they hold (Kubernetes does this check where it stores roles and bindings).

import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import { bindingEscalation, type EscalationContext, roleEscalation } from '../auth/authorizers/escalation.ts'
import type { AdmissionDeps } from './deps.ts'
import { forbid } from './request.ts'
import type { AdmissionPlugin, AdmissionRequest } from './types.ts'

const GROUP = 'rbac.authorization.k8s.io'

export function rbacEscalation({
  authorizer,
  rbac,
}: Pick<AdmissionDeps, 'authorizer' | 'rbac'>): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    validate(request) {
      const { object, oldObject, resource, user, namespace } = request
      if (resource.group !== GROUP || object === undefined || !isGrant(request, object)) return
      const context: EscalationContext = { user, namespace, rbac, authorizer }
      const isBinding = resource.plural.endsWith('bindings')
      const why = isBinding ? bindingEscalation(object, context) : roleEscalation(object, oldObject, context)
      if (why !== undefined) throw forbid(request, why)
    },
  }
}

/**
 * Only what the garbage collector changes grants nothing. A label can: it decides which roles a ClusterRole is
 * aggregated into.
 */
function isGrant({ operation, oldObject }: AdmissionRequest, object: KubeObject): boolean {
  if (operation === 'CREATE') return true
  if (operation !== 'UPDATE' || oldObject === undefined) return false
  return !deepEqual(withoutGarbageFields(object), withoutGarbageFields(oldObject))
}

function withoutGarbageFields({ metadata, ...rest }: KubeObject): object {
  const { finalizers: _, ownerReferences: __, managedFields: ___, ...kept } = metadata
  return { ...rest, metadata: kept }
}
