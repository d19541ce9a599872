// Which rules apply to whom: bindings by subject, kept up to date by the changes of roles and bindings. A change
// drops what was worked out before; the next question works it out again.

import type { KubeObject } from '@brume/api/object'
import type { PolicyRule } from '@brume/api/rbac/policy-rule'
import type { ObjectReader } from '../../registry/reader.ts'
import { parseServiceAccountUserName } from '../tokens/service-account.ts'
import type { UserInfo } from '../types.ts'

const GROUP = 'rbac.authorization.k8s.io'
/** Users and namespaces whose rules are kept worked out. */
const MAX_KEPT = 10_000
/** Longer names and groups are worked out each time: what is kept must be small, and anyone may ask about anyone. */
const MAX_KEPT_IDENTITY = 2048
/** No namespace has a longer name, and so no binding is in one. */
const MAX_NAMESPACE = 63

/** One binding that applies to a user, with the rules it gives. */
export interface Grant {
  /** `ClusterRoleBinding "b" of ClusterRole "r" to Group "g"` */
  source: string
  rules: readonly PolicyRule[]
  /** The role that is bound does not exist. */
  error?: string
}

export interface RbacIndex {
  /** Cluster-wide grants first, then those of the namespace ('' : none). Shared: not to be changed. */
  grantsFor(user: UserInfo, namespace: string): readonly Grant[]
  /** Rules of the role that a binding in `namespace` ('' : cluster-wide) refers to; undefined: no such role. */
  rulesOfRole(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | undefined
  close(): void
}

export interface RoleRef {
  kind?: string
  name?: string
}

interface Subject {
  kind?: string
  name?: string
  namespace?: string
}

interface Bound {
  binding: KubeObject
  subject: Subject
  /** Position of the binding, then of the subject: the first that applies gives the reason. */
  order: number
}

/** Subject key -> bindings. Keys: `u:name`, `g:name`, `s:namespace:name`. */
type BySubject = Map<string, Bound[]>

export function createRbacIndex(reader: ObjectReader): RbacIndex {
  const scopes = new Map<string, BySubject>()
  let kept = new Map<string, readonly Grant[]>()

  const stops = [
    reader.onChange(GROUP, 'clusterroles', forget),
    reader.onChange(GROUP, 'roles', forget),
    reader.onChange(GROUP, 'clusterrolebindings', () => forgetScope('')),
    reader.onChange(GROUP, 'rolebindings', ({ object }) => forgetScope(object.metadata.namespace ?? '')),
  ]

  function forget(): void {
    if (kept.size > 0) kept = new Map()
  }

  function forgetScope(namespace: string): void {
    scopes.delete(namespace)
    forget()
  }

  function scope(namespace: string): BySubject {
    let found = scopes.get(namespace)
    if (found === undefined) {
      const plural = namespace === '' ? 'clusterrolebindings' : 'rolebindings'
      found = bySubject(reader.list(GROUP, plural, namespace), namespace)
      if (scopes.size >= MAX_KEPT) scopes.clear()
      scopes.set(namespace, found)
    }
    return found
  }

  function rulesOfRole(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const name = roleRef.name ?? ''
    const role =
      roleRef.kind === 'Role'
        ? namespace === ''
          ? undefined
          : reader.get(GROUP, 'roles', namespace, name)
        : reader.get(GROUP, 'clusterroles', '', name)
    return role === undefined ? undefined : ((role['rules'] as PolicyRule[] | null | undefined) ?? [])
  }

  function grant({ binding, subject }: Bound, namespace: string): Grant {
    const roleRef = (binding['roleRef'] ?? {}) as RoleRef
    const rules = rulesOfRole(roleRef, namespace)
    if (rules !== undefined) return { source: describe(binding, roleRef, subject, namespace), rules }
    const plural = roleRef.kind === 'Role' ? 'role' : 'clusterrole'
    return { source: '', rules: [], error: `${plural}.${GROUP} "${roleRef.name}" not found` }
  }

  function grantsFor(user: UserInfo, asked: string): readonly Grant[] {
    const namespace = asked.length > MAX_NAMESPACE ? '' : asked
    const id = identity(user)
    if (id.length > MAX_KEPT_IDENTITY) return workOut(user, namespace)
    const key = `${namespace}\n${id}`
    let grants = kept.get(key)
    if (grants === undefined) {
      grants = workOut(user, namespace)
      if (kept.size >= MAX_KEPT) kept.clear()
      kept.set(key, grants)
    }
    return grants
  }

  function workOut(user: UserInfo, namespace: string): Grant[] {
    const cluster = applying(scope(''), user).map((bound) => grant(bound, ''))
    if (namespace === '') return cluster
    return [...cluster, ...applying(scope(namespace), user).map((bound) => grant(bound, namespace))]
  }

  return { grantsFor, rulesOfRole, close: () => stops.forEach((stop) => void stop()) }
}

const identities = new WeakMap<UserInfo, string>()

/** The user's name and groups in one text; worked out once an object, since authenticators hand out the same one. */
function identity(user: UserInfo): string {
  let text = identities.get(user)
  if (text === undefined) {
    text = JSON.stringify([user.name, ...user.groups])
    identities.set(user, text)
  }
  return text
}

function bySubject(bindings: KubeObject[], namespace: string): BySubject {
  const index: BySubject = new Map()
  let order = 0
  for (const binding of bindings) {
    for (const subject of (binding['subjects'] ?? []) as Subject[]) {
      const key = subjectKey(subject, namespace)
      if (key === undefined) continue
      const bound = index.get(key)
      const entry = { binding, subject, order: order++ }
      if (bound === undefined) index.set(key, [entry])
      else bound.push(entry)
    }
  }
  return index
}

function subjectKey(subject: Subject, namespace: string): string | undefined {
  switch (subject.kind) {
    case 'User':
      return `u:${subject.name}`
    case 'Group':
      return `g:${subject.name}`
    case 'ServiceAccount': {
      const scope = subject.namespace ? subject.namespace : namespace
      return scope === '' ? undefined : `s:${scope}:${subject.name}`
    }
    default:
      return undefined
  }
}

/** Each binding once, by its first subject that applies, in the order of the bindings. */
function applying(index: BySubject, user: UserInfo): Bound[] {
  const found: Bound[] = []
  const account = parseServiceAccountUserName(user.name)
  const keys = [`u:${user.name}`, ...user.groups.map((group) => `g:${group}`)]
  if (account !== undefined) keys.push(`s:${account.namespace}:${account.name}`)
  for (const key of keys) found.push(...(index.get(key) ?? []))
  found.sort((a, b) => a.order - b.order)
  return found.filter((bound, at) => bound.binding !== found[at - 1]?.binding)
}

function describe(binding: KubeObject, roleRef: RoleRef, subject: Subject, namespace: string): string {
  const quote = (text: unknown) => JSON.stringify(String(text ?? ''))
  const { name } = binding.metadata
  const own =
    namespace === '' ? `ClusterRoleBinding ${quote(name)}` : `RoleBinding ${quote(`${name}/${namespace}`)}`
  const to =
    subject.kind === 'ServiceAccount'
      ? quote(`${subject.name}/${subject.namespace ? subject.namespace : namespace}`)
      : quote(subject.name)
  return `${own} of ${roleRef.kind} ${quote(roleRef.name)} to ${subject.kind} ${to}`
}
