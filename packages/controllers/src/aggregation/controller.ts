// ClusterRoles with an aggregationRule: their rules are those of all ClusterRoles that the selectors match.

import { aggregateRules } from '@brume/api/bootstrap/reconcile'
import type { KubeObject } from '@brume/api/object'
import { CLUSTER_ROLES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import type { Dependencies } from '../dependencies.ts'

export interface ObservedRole {
  role: KubeObject
  /** All ClusterRoles. */
  roles: readonly KubeObject[]
}

export interface SetRules {
  type: 'setRules'
  name: string
  uid: string
  rules: unknown[]
}

const FIELD_MANAGER = 'clusterrole-aggregation-controller'

export function clusterRoleAggregation({ client, informers }: Dependencies): ControllerSpec {
  const roles = informers.for(CLUSTER_ROLES)
  const aggregated = () => roles.store.list().filter((role) => role.aggregationRule != null)
  return defineController<ObservedRole, SetRules>({
    name: 'clusterrole-aggregation',
    // Any role may be part of any aggregated one.
    sources: [fromInformer(roles, (role) => [role, ...aggregated()].map(({ metadata }) => metadata.name!))],
    observe(name) {
      const role = roles.store.get('', name)
      return role?.aggregationRule == null ? undefined : { role, roles: roles.store.list() }
    },
    decide: decideRules,
    async act({ name, uid, rules }) {
      const role = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        // With its uid, so that a role which was deleted meanwhile does not come back.
        metadata: { name, uid },
        rules,
      }
      await client.resource(CLUSTER_ROLES).apply(role, { fieldManager: FIELD_MANAGER, force: true })
    },
  })
}

export function decideRules({ role, roles }: ObservedRole): Plan<SetRules> {
  if (role.metadata.deletionTimestamp !== undefined) return { actions: [] }
  const rules = aggregateRules(role, roles)
  const { name, uid } = role.metadata
  return { actions: rules === undefined ? [] : [{ type: 'setRules', name: name!, uid: uid!, rules }] }
}
