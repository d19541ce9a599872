// PolicyRule of rbac.authorization.k8s.io: does it allow a request?

import type { PolicyRule } from '@brume/api/rbac/policy-rule'
import type { Attributes } from '../types.ts'

const NONE: readonly string[] = []

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false
  if (!attributes.resourceRequest) return pathMatches(rule.nonResourceURLs ?? NONE, attributes.path)
  return (
    has(rule.apiGroups, attributes.group) &&
    resourceMatches(rule.resources ?? NONE, attributes.resource, attributes.subresource) &&
    nameMatches(rule.resourceNames ?? NONE, attributes.name)
  )
}

// Entries: everything (a star), `pods`, `pods/log`, and a star before `/scale` for that subresource of everything.
export function resourceMatches(
  resources: readonly string[],
  resource: string,
  subresource: string,
): boolean {
  const full = subresource === '' ? resource : `${resource}/${subresource}`
  for (const entry of resources) {
    if (entry === '*' || entry === full) return true
    if (subresource !== '' && entry.length === subresource.length + 2 && entry === `*/${subresource}`)
      return true
  }
  return false
}

/** Exact paths, or a prefix that ends with `*`. */
export function pathMatches(patterns: readonly string[], path: string): boolean {
  for (const pattern of patterns) {
    if (pattern === '*' || pattern === path) return true
    if (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1).replace(/\*+$/, ''))) return true
  }
  return false
}

function nameMatches(names: readonly string[], name: string): boolean {
  return names.length === 0 || names.includes(name)
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  if (list === undefined) return false
  for (const entry of list) if (entry === '*' || entry === wanted) return true
  return false
}
