// Which rule of a policy a request falls under: the first that fits, as in Kubernetes. Asked of every request, so that
// rules are made ready once, and those of other verbs are not looked at.

import type { UserInfo } from '../auth/types.ts'
import type { RequestInfo } from '../request/info.ts'
import type { AuditLevel, AuditPolicy, AuditRule, AuditStage, GroupResources } from './types.ts'

export interface Verdict {
  level: AuditLevel
  omitStages: ReadonlySet<AuditStage>
  omitManagedFields: boolean
}

/** `user` is undefined when nobody knows who asks: then no rule that names users fits. */
export type PolicyMatcher = (info: RequestInfo, user: UserInfo | undefined) => Verdict

interface ReadyRule {
  verbs: ReadonlySet<string> | undefined
  users: ReadonlySet<string> | undefined
  groups: ReadonlySet<string> | undefined
  namespaces: ReadonlySet<string> | undefined
  resources: readonly GroupResources[]
  paths: readonly string[]
  verdict: Verdict
}

export function policyMatcher(policy: AuditPolicy): PolicyMatcher {
  const none: Verdict = {
    level: 'None',
    omitStages: new Set(policy.omitStages),
    omitManagedFields: policy.omitManagedFields ?? false,
  }
  const ready = policy.rules.map((rule) => readyRule(rule, policy))
  const byVerb = new Map<string, readonly ReadyRule[]>()
  const ofVerb = (verb: string) => ready.filter(({ verbs }) => verbs?.has(verb) ?? true)
  for (const verb of ready.flatMap(({ verbs }) => [...(verbs ?? [])])) byVerb.set(verb, ofVerb(verb))
  // A verb that no rule names: whatever a client makes up shares this.
  const ofOthers = ready.filter(({ verbs }) => verbs === undefined)
  return (info, user) => {
    for (const candidate of byVerb.get(info.verb) ?? ofOthers) {
      if (fits(candidate, info, user)) return candidate.verdict
    }
    return none
  }
}

function readyRule(rule: AuditRule, policy: AuditPolicy): ReadyRule {
  return {
    verbs: setOf(rule.verbs),
    users: setOf(rule.users),
    groups: setOf(rule.userGroups),
    namespaces: setOf(rule.namespaces),
    resources: rule.resources ?? [],
    paths: rule.nonResourceURLs ?? [],
    verdict: {
      level: rule.level,
      omitStages: new Set([...(policy.omitStages ?? []), ...(rule.omitStages ?? [])]),
      omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields ?? false,
    },
  }
}

/** In a file, a list may be null. */
const setOf = (values: readonly string[] | null | undefined) =>
  values === undefined || values === null || values.length === 0 ? undefined : new Set(values)

function fits(
  { users, groups, namespaces, resources, paths }: ReadyRule,
  info: RequestInfo,
  user: UserInfo | undefined,
): boolean {
  if (users !== undefined && (user === undefined || !users.has(user.name))) return false
  if (groups !== undefined && !user?.groups.some((group) => groups.has(group))) return false
  if (resources.length > 0 || namespaces !== undefined) {
    if (!info.resourceRequest || namespaces?.has(info.namespace) === false) return false
    return resources.length === 0 || resources.some((each) => covers(each, info))
  }
  if (paths.length === 0) return true
  return !info.resourceRequest && paths.some((pattern) => isPathOf(pattern, info.path))
}

function covers(
  { group, resources, resourceNames }: GroupResources,
  info: RequestInfo & { resourceRequest: true },
): boolean {
  if ((group ?? '') !== info.group) return false
  if (!resources?.length) return true
  if (resourceNames?.length && !resourceNames.includes(info.name)) return false
  return resources.some((pattern) => isResourceOf(pattern, info))
}

/** Without allocating: this runs for every request. */
function isResourceOf(
  pattern: string,
  { resource, subresource }: { resource: string; subresource: string },
): boolean {
  if (pattern === '*' || (subresource === '' && pattern === resource)) return true
  const slash = pattern.indexOf('/')
  if (slash < 0) return false
  const [isAny, isAll] = [pattern.startsWith('*/'), pattern.endsWith('/*')]
  const ofResource = isAny || (pattern.startsWith(resource) && slash === resource.length)
  if (!ofResource) return false
  if (isAll) return true
  return (
    subresource !== '' && pattern.endsWith(subresource) && pattern.length - slash - 1 === subresource.length
  )
}

function isPathOf(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1))
}
