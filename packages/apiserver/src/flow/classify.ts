// Which flow a request belongs to: the FlowSchema of the lowest matchingPrecedence that fits it (then by name), and what that
// schema tells flows apart by. Rules and their order are those of Kubernetes' API Priority and Fairness.

import type { KubeObject } from '@brume/api/object'
import { pathMatches } from '../auth/authorizers/rules.ts'
import { serviceAccountUserName } from '../auth/tokens/service-account.ts'
import type { UserInfo } from '../auth/types.ts'
import type { RequestInfo, ResourceRequest } from '../request/info.ts'

export interface FlowSchema {
  name: string
  /** '' before it is stored. */
  uid: string
  /** Name of its priority level. */
  level: string
  distinguisher: 'ByUser' | 'ByNamespace' | undefined
}

/** The last schema fits everybody; undefined only where there is none such. */
export type Classifier = (info: RequestInfo, user: UserInfo) => FlowSchema | undefined

interface Subject {
  kind?: string
  user?: { name?: string }
  group?: { name?: string }
  serviceAccount?: { namespace?: string; name?: string }
}

interface ResourceRule {
  verbs?: readonly string[]
  apiGroups?: readonly string[]
  resources?: readonly string[]
  clusterScope?: boolean
  namespaces?: readonly string[]
}

interface PathRule {
  verbs?: readonly string[]
  nonResourceURLs?: readonly string[]
}

interface Rule {
  subjects?: readonly Subject[]
  resourceRules?: readonly ResourceRule[]
  nonResourceRules?: readonly PathRule[]
}

interface Candidate {
  schema: FlowSchema
  rule: Rule
  isAbout(user: UserInfo): boolean
}

/** `schemas`: FlowSchemas; those that name no level of `levels` are left out, as in Kubernetes. */
export function classifier(schemas: readonly KubeObject[], levels: ReadonlySet<string>): Classifier {
  const all = ordered(schemas).flatMap((object) => candidatesOf(object, levels))
  return (info, user) => {
    for (const { schema, rule, isAbout } of all) if (isAbout(user) && fits(rule, info)) return schema
    return undefined
  }
}

/** What tells this request's flow from others of its schema. */
export function distinguisherOf({ distinguisher }: FlowSchema, info: RequestInfo, user: UserInfo): string {
  if (distinguisher === 'ByUser') return user.name
  return distinguisher === 'ByNamespace' && info.resourceRequest ? info.namespace : ''
}

function ordered(schemas: readonly KubeObject[]): KubeObject[] {
  const precedence = ({ spec }: KubeObject): number => spec?.matchingPrecedence ?? 0
  const name = ({ metadata }: KubeObject) => metadata.name ?? ''
  return [...schemas].sort((a, b) => precedence(a) - precedence(b) || (name(a) < name(b) ? -1 : 1))
}

function candidatesOf({ metadata, spec }: KubeObject, levels: ReadonlySet<string>): Candidate[] {
  const level: string = spec?.priorityLevelConfiguration?.name ?? ''
  if (!levels.has(level)) return []
  const { name = '', uid = '' } = metadata
  const schema: FlowSchema = { name, uid, level, distinguisher: spec.distinguisherMethod?.type }
  return ((spec.rules ?? []) as Rule[]).map((rule) => ({ schema, rule, isAbout: subjectsOf(rule) }))
}

/** Made ready once: users come anew with every request that brings a token. */
function subjectsOf({ subjects = [] }: Rule): Candidate['isAbout'] {
  const [users, groups, prefixes] = [new Set<string>(), new Set<string>(), [] as string[]]
  for (const { kind, user, group, serviceAccount } of subjects) {
    if (kind === 'User') users.add(user?.name ?? '')
    if (kind === 'Group') groups.add(group?.name ?? '')
    if (kind !== 'ServiceAccount') continue
    const { namespace = '', name = '' } = serviceAccount ?? {}
    if (name === '*') prefixes.push(serviceAccountUserName({ namespace, name: '' }))
    else users.add(serviceAccountUserName({ namespace, name }))
  }
  const isAnyone = users.has('*') || groups.has('*')
  return ({ name, groups: own }) =>
    isAnyone ||
    users.has(name) ||
    own.some((group) => groups.has(group)) ||
    // The name of an account has no colon.
    prefixes.some((prefix) => name.startsWith(prefix) && !name.includes(':', prefix.length))
}

function fits({ resourceRules = [], nonResourceRules = [] }: Rule, info: RequestInfo): boolean {
  if (info.resourceRequest) {
    for (const rule of resourceRules) if (fitsResource(rule, info)) return true
    return false
  }
  for (const { verbs, nonResourceURLs = [] } of nonResourceRules) {
    if (has(verbs, info.verb) && pathMatches(nonResourceURLs, info.path)) return true
  }
  return false
}

function fitsResource(rule: ResourceRule, info: ResourceRequest): boolean {
  if (!has(rule.verbs, info.verb) || !has(rule.apiGroups, info.group)) return false
  const isThere = info.namespace === '' ? rule.clusterScope === true : has(rule.namespaces, info.namespace)
  if (!isThere) return false
  return has(rule.resources, info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`)
}

function has(list: readonly string[] | undefined, wanted: string): boolean {
  return list !== undefined && (list[0] === '*' || list.includes(wanted) || list.includes('*'))
}
