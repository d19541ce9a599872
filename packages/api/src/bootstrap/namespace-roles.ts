// Roles and bindings within the system's own namespaces.

import type { KubeObject } from '../object.ts'
import { binding, EVENTS, READ, role, rule } from './rule.ts'

const SYSTEM = 'kube-system'
const PUBLIC = 'kube-public'
const AUTHENTICATION = 'extension-apiserver-authentication'

function leaderLocking(component: string, more: string[]): KubeObject[] {
  const name = `system::leader-locking-${component}`
  const subjects = [`User:system:${component}`, `ServiceAccount:${SYSTEM}/${component}`, ...more]
  const rules = [rule('watch', 'core', 'configmaps'), rule('get update', 'core', 'configmaps', component)]
  if (more.length > 0) rules.push(rule('create get list update watch', 'coordination.k8s.io', 'leases'))
  return [role(SYSTEM, name, rules), binding(SYSTEM, name, name, subjects)]
}

function controllerRole(namespace: string, name: string, rules: Parameters<typeof role>[2]): KubeObject[] {
  const full = `system:controller:${name}`
  return [role(namespace, full, rules), binding(namespace, full, full, [`ServiceAccount:${SYSTEM}/${name}`])]
}

export const NAMESPACE_ROLES: readonly KubeObject[] = [
  role(SYSTEM, `${AUTHENTICATION}-reader`, [rule(READ, 'core', 'configmaps', AUTHENTICATION)]),
  binding(SYSTEM, `system::${AUTHENTICATION}-reader`, `${AUTHENTICATION}-reader`, [
    'User:system:kube-controller-manager',
    'User:system:kube-scheduler',
  ]),
  ...leaderLocking('kube-controller-manager', [`ServiceAccount:${SYSTEM}/leader-election-controller`]),
  ...leaderLocking('kube-scheduler', []),
  ...controllerRole(SYSTEM, 'bootstrap-signer', [rule(READ, 'core', 'secrets')]),
  ...controllerRole(SYSTEM, 'cloud-provider', [rule('create get list watch', 'core', 'configmaps')]),
  ...controllerRole(SYSTEM, 'token-cleaner', [rule('delete get list watch', 'core', 'secrets'), EVENTS]),
  ...controllerRole(PUBLIC, 'bootstrap-signer', [
    rule(READ, 'core', 'configmaps'),
    rule('update', 'core', 'configmaps', 'cluster-info'),
    EVENTS,
  ]),
]
