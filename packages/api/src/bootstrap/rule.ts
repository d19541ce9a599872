// Short forms for writing roles and bindings down.

import type { KubeObject } from '../object.ts'
import type { PolicyRule } from '../rbac/policy-rule.ts'

const RBAC = 'rbac.authorization.k8s.io'
export const RBAC_VERSION = `${RBAC}/v1`

export const READ = 'get list watch'
export const WRITE = 'create delete deletecollection patch update'
export const READ_WRITE = 'create delete deletecollection get list patch update watch'

/** Lists are separated by blanks; the core group is written `core`. */
export function rule(verbs: string, groups: string, resources: string, names = ''): PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups: words(groups).map((group) => (group === 'core' ? '' : group)),
    resources: words(resources),
    ...(names === '' ? {} : { resourceNames: words(names) }),
  }
}

export function urlRule(verbs: string, urls: string): PolicyRule {
  return { verbs: words(verbs), nonResourceURLs: words(urls) }
}

export const EVENTS = rule('create patch update', 'core events.k8s.io', 'events')

export function clusterRole(
  name: string,
  rules: PolicyRule[],
  labels: Record<string, string> = {},
): KubeObject {
  return { apiVersion: RBAC_VERSION, kind: 'ClusterRole', metadata: metadata(name, labels), rules }
}

/** `to`: whose rules make it up. */
export function aggregatedRole(name: string, to: string, labels: Record<string, string> = {}): KubeObject {
  const clusterRoleSelectors = [{ matchLabels: aggregateTo(to) }]
  return { ...clusterRole(name, [], labels), aggregationRule: { clusterRoleSelectors } }
}

export function aggregateTo(name: string): Record<string, string> {
  return { [`${RBAC}/aggregate-to-${name}`]: 'true' }
}

export function role(namespace: string, name: string, rules: PolicyRule[]): KubeObject {
  return { apiVersion: RBAC_VERSION, kind: 'Role', metadata: { ...metadata(name), namespace }, rules }
}

/** Subjects are written `User:name`, `Group:name` or `ServiceAccount:namespace/name`. */
export function clusterBinding(name: string, roleName: string, subjects: string[]): KubeObject {
  return {
    apiVersion: RBAC_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: metadata(name),
    subjects: subjects.map(subject),
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: roleName },
  }
}

export function binding(namespace: string, name: string, roleName: string, subjects: string[]): KubeObject {
  return {
    apiVersion: RBAC_VERSION,
    kind: 'RoleBinding',
    metadata: { ...metadata(name), namespace },
    subjects: subjects.map(subject),
    roleRef: { apiGroup: RBAC, kind: 'Role', name: roleName },
  }
}

function subject(text: string): Record<string, string> {
  const colon = text.indexOf(':')
  const [kind, name] = [text.slice(0, colon), text.slice(colon + 1)]
  if (kind !== 'ServiceAccount') return { apiGroup: RBAC, kind, name }
  const [namespace = '', account = ''] = name.split('/')
  return { kind, name: account, namespace }
}

function metadata(name: string, labels: Record<string, string> = {}): KubeObject['metadata'] {
  return {
    name,
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  }
}

function words(text: string): string[] {
  return text.split(' ')
}
