// PolicyRule of rbac.authorization.k8s.io, and whether some rules grant all that others do.

/** As in the API; lists that are absent are empty. Never changed. */
export interface PolicyRule {
  verbs?: readonly string[]
  apiGroups?: readonly string[]
  resources?: readonly string[]
  resourceNames?: readonly string[]
  nonResourceURLs?: readonly string[]
}

/** The single rights of `wanted` that `held` does not give; empty: all are covered. */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((right) => !held.some((rule) => covers(rule, right)))
}

/** Rules for one resource (or URL) and name each, with all their verbs. */
export function compactRules(rights: readonly PolicyRule[]): PolicyRule[] {
  const merged = new Map<string, PolicyRule>()
  for (const right of rights) {
    const { verbs = [], ...target } = right
    const key = JSON.stringify([
      target.apiGroups,
      target.resources,
      target.resourceNames,
      target.nonResourceURLs,
    ])
    // URLs stay one right a rule, as Kubernetes lists them.
    const own = target.nonResourceURLs === undefined ? key : `${key}${verbs.join()}`
    const known = merged.get(own)?.verbs ?? []
    merged.set(own, { ...target, verbs: [...known, ...verbs.filter((verb) => !known.includes(verb))] })
  }
  return [...merged.values()]
}

/** `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}` */
export function describeRule(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const
  const shown = parts.flatMap(([name, list = []]) =>
    list.length === 0 ? [] : [`${name}:[${list.map((item) => JSON.stringify(item)).join(' ')}]`],
  )
  return `{${shown.join(', ')}}`
}

/** One verb on one resource (and name) or URL each. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const rights: PolicyRule[] = []
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        const right = { apiGroups: [group], resources: [resource], verbs: [verb] }
        if (resourceNames.length === 0) rights.push(right)
        for (const name of resourceNames) rights.push({ ...right, resourceNames: [name] })
      }
    }
  }
  for (const url of nonResourceURLs) {
    for (const verb of verbs) rights.push({ nonResourceURLs: [url], verbs: [verb] })
  }
  return rights
}

function covers(held: PolicyRule, right: PolicyRule): boolean {
  return (
    includesAll(held.verbs, right.verbs) &&
    includesAll(held.apiGroups, right.apiGroups) &&
    (right.resources ?? []).every((resource) => coversResource(held.resources ?? [], resource)) &&
    coversNames(held.resourceNames ?? [], right.resourceNames ?? []) &&
    (right.nonResourceURLs ?? []).every((url) => coversUrl(held.nonResourceURLs ?? [], url))
  )
}

function includesAll(held: readonly string[] = [], wanted: readonly string[] = []): boolean {
  return held.includes('*') || wanted.every((item) => held.includes(item))
}

function coversResource(held: readonly string[], resource: string): boolean {
  if (held.includes('*') || held.includes(resource)) return true
  const slash = resource.indexOf('/')
  return slash >= 0 && held.includes(`*${resource.slice(slash)}`)
}

function coversNames(held: readonly string[], wanted: readonly string[]): boolean {
  if (held.length === 0) return true
  return wanted.length > 0 && wanted.every((name) => held.includes(name))
}

function coversUrl(held: readonly string[], url: string): boolean {
  return held.some((own) => own === url || (own.endsWith('*') && url.startsWith(own.replace(/\*+$/, ''))))
}
