// The objects that every cluster has, as they should be.

import { BOOTSTRAP_FLOW_SCHEMAS, BOOTSTRAP_PRIORITY_LEVELS } from '@brume/api/bootstrap/flow-control'
import { BOOTSTRAP_INGRESS_CLASSES } from '@brume/api/bootstrap/ingress-classes'
import { BOOTSTRAP_NAMESPACES } from '@brume/api/bootstrap/namespaces'
import { BOOTSTRAP_PRIORITY_CLASSES } from '@brume/api/bootstrap/priority-classes'
import {
  type Reconciliation,
  reconcileBinding,
  reconcileFlowControl,
  reconcileOnce,
  reconcileRole,
} from '@brume/api/bootstrap/reconcile'
import { BOOTSTRAP_ROLES } from '@brume/api/bootstrap/roles'
import { BOOTSTRAP_STORAGE_CLASSES } from '@brume/api/bootstrap/storage-classes'
import { DNS_ZONE_DEFINITION } from '@brume/api/network/dns-zone-definition'
import type { KubeObject } from '@brume/api/object'
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  ENDPOINT_SLICES,
  ENDPOINTS,
  FLOW_SCHEMAS,
  INGRESS_CLASSES,
  NAMESPACES,
  PRIORITY_CLASSES,
  PRIORITY_LEVELS,
  ROLE_BINDINGS,
  ROLES,
  SERVICES,
  STORAGE_CLASSES,
} from '@brume/client/builtin'
import { keyOf, type ResourceRef } from '@brume/client/resource-ref'
import type { ControllerOptions } from '../dependencies.ts'
import { apiServerObjects } from './api-server.ts'
import { clusterInfoObjects } from './cluster-info.ts'

export type Reconcile = (existing: KubeObject | undefined, expected: KubeObject) => Reconciliation

export interface BootstrapKind {
  ref: ResourceRef
  reconcile: Reconcile
}

export interface BootstrapObject extends BootstrapKind {
  /** `Kind/namespace/name` or `Kind/name`. */
  key: string
  expected: KubeObject
}

const KINDS: Readonly<Record<string, BootstrapKind>> = {
  Namespace: { ref: NAMESPACES, reconcile: reconcileOnce },
  PriorityClass: { ref: PRIORITY_CLASSES, reconcile: reconcileOnce },
  IngressClass: { ref: INGRESS_CLASSES, reconcile: reconcileOnce },
  StorageClass: { ref: STORAGE_CLASSES, reconcile: reconcileOnce },
  ClusterRole: { ref: CLUSTER_ROLES, reconcile: reconcileRole },
  Role: { ref: ROLES, reconcile: reconcileRole },
  ClusterRoleBinding: { ref: CLUSTER_ROLE_BINDINGS, reconcile: reconcileBinding },
  RoleBinding: { ref: ROLE_BINDINGS, reconcile: reconcileBinding },
  PriorityLevelConfiguration: { ref: PRIORITY_LEVELS, reconcile: reconcileFlowControl },
  FlowSchema: { ref: FLOW_SCHEMAS, reconcile: reconcileFlowControl },
  Service: { ref: SERVICES, reconcile: reconcileFields(['spec.ports']) },
  Endpoints: { ref: ENDPOINTS, reconcile: reconcileFields(['subsets']) },
  EndpointSlice: { ref: ENDPOINT_SLICES, reconcile: reconcileFields(['addressType', 'endpoints', 'ports']) },
  CustomResourceDefinition: {
    ref: CUSTOM_RESOURCE_DEFINITIONS,
    reconcile: reconcileFields(['spec.versions']),
  },
  ConfigMap: { ref: CONFIG_MAPS, reconcile: reconcileFields(['data.kubeconfig']) },
}

export function bootstrapObjects(options: ControllerOptions): Map<string, BootstrapObject> {
  const expected = [
    ...BOOTSTRAP_NAMESPACES,
    ...BOOTSTRAP_PRIORITY_CLASSES,
    ...BOOTSTRAP_STORAGE_CLASSES,
    ...BOOTSTRAP_INGRESS_CLASSES,
    ...BOOTSTRAP_ROLES,
    ...BOOTSTRAP_PRIORITY_LEVELS,
    ...BOOTSTRAP_FLOW_SCHEMAS,
    DNS_ZONE_DEFINITION,
    ...apiServerObjects(options.apiServer),
    ...clusterInfoObjects(options),
  ]
  const objects = new Map<string, BootstrapObject>()
  for (const object of expected) {
    const key = bootstrapKey(object)
    objects.set(key, { key, expected: object, ...KINDS[object.kind]! })
  }
  return objects
}

export function bootstrapKey(object: { kind: string; metadata: KubeObject['metadata'] }): string {
  return `${object.kind}/${keyOf(object)}`
}

/** Sets these fields (`a` or `a.b`) back to what is expected, and leaves everything else to others. */
function reconcileFields(paths: readonly string[]): Reconcile {
  return (existing, expected) => {
    if (existing === undefined) return { action: 'create', object: expected }
    const object = restoreFields(existing, expected, paths)
    return object === undefined ? { action: 'none' } : { action: 'update', object }
  }
}

function restoreFields(
  existing: KubeObject,
  expected: KubeObject,
  paths: readonly string[],
): KubeObject | undefined {
  let restored: KubeObject | undefined
  for (const path of paths) {
    const [top, field] = path.split('.') as [string, string | undefined]
    const wanted = field === undefined ? expected[top] : expected[top]?.[field]
    const held = field === undefined ? existing[top] : existing[top]?.[field]
    if (sameSubset(wanted, held)) continue
    restored ??= { ...existing }
    restored[top] = field === undefined ? wanted : { ...restored[top], [field]: wanted }
  }
  return restored
}

/** Whether `held` says all that `wanted` says; the server may have added defaults. */
export function sameSubset(wanted: unknown, held: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return wanted === held
  if (typeof held !== 'object' || held === null) return false
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(held) && held.length === wanted.length && wanted.every((w, i) => sameSubset(w, held[i]))
    )
  }
  return Object.entries(wanted).every(([key, value]) =>
    sameSubset(value, (held as Record<string, unknown>)[key]),
  )
}
