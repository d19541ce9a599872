// Which events a person asked for. Pure.

import { builtinResources } from '@brume/api/kinds/builtin'
import type { AuditEvent } from './event.ts'

export interface Wanted {
  /** May hold `*`; of the person, or of whom they acted as. */
  user?: string | undefined
  verbs?: readonly string[] | undefined
  namespace?: string | undefined
  /** As kubectl takes it: `pods`, `po/web`, `deployment/web`, `pods/exec`. */
  object?: string | undefined
  refused?: boolean | undefined
  /** Milliseconds since the epoch. */
  sinceMs?: number | undefined
}

/** Shown when no verb is asked for; and short for themselves. */
export const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection', 'put', 'post']

export function selector(wanted: Wanted): (event: AuditEvent) => boolean {
  const { namespace, refused, sinceMs } = wanted
  const user = wanted.user === undefined ? undefined : patternOf(wanted.user)
  const verbs = wanted.verbs && new Set(wanted.verbs.flatMap((verb) => (verb === 'write' ? WRITES : [verb])))
  const object = wanted.object === undefined ? undefined : objectSelector(wanted.object)
  const since = sinceMs === undefined ? '' : new Date(sinceMs).toISOString().slice(0, -1)
  return (event) =>
    event.time >= since &&
    (user === undefined || user.test(event.user) || user.test(event.as)) &&
    (verbs === undefined || verbs.has(event.verb)) &&
    (namespace === undefined || event.namespace === namespace) &&
    (refused !== true || event.code === 401 || event.code === 403) &&
    (object === undefined || object(event))
}

function patternOf(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}

/** What follows the slash is a name or a subresource: both are looked for. */
function objectSelector(text: string): (event: AuditEvent) => boolean {
  const [word = '', rest, last] = text.split('/')
  const plural = pluralOf(word)
  return ({ resource, name }) => {
    const [base, subresource = ''] = resource.split('/')
    if (base !== plural) return false
    if (rest === undefined) return true
    if (last !== undefined) return name === rest && subresource === last
    return name === rest || subresource === rest
  }
}

function pluralOf(word: string): string {
  const wanted = word.toLowerCase()
  const found = builtinResources().find(
    ({ plural, singular, shortNames, kind }) =>
      plural === wanted ||
      singular === wanted ||
      kind.toLowerCase() === wanted ||
      shortNames.includes(wanted),
  )
  return found?.plural ?? wanted
}
