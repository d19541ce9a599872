// The users of a Secret, as htpasswd(1) writes them: a line of NAME:HASH for each, under the key `auth`. Pure.

import type { KubeObject } from '@brume/api/object'
import { hashProblem } from '../haproxy/expressible.ts'

const KEY = 'auth'
const MAX_USERS = 1000

export interface Users {
  users: { name: string; hash: string }[]
  /** Sentences that go on behind the name of the Secret. */
  problems: string[]
}

/** Lines that are no good are left out; a Secret without any good one lets nobody in. */
export function usersOf(secret: KubeObject | undefined): Users {
  if (secret === undefined)
    return nobody('does not exist, or is not of type Opaque; until then nobody comes in')
  const text = secret['data']?.[KEY]
  if (typeof text !== 'string') return nobody(`has no key ${KEY}; until then nobody comes in`)
  const found: Users = { users: [], problems: [] }
  const lines = Buffer.from(text, 'base64').toString().split('\n')
  for (const [i, raw] of lines.entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, name, hash = ''] = /^([^:]+):([^:]*)/.exec(line) ?? []
    const why = name === undefined ? 'is not as NAME:HASH' : hashProblem(hash)
    if (name === undefined || why !== undefined || found.users.length >= MAX_USERS)
      found.problems.push(`line ${i + 1} ${why ?? `is one more than ${MAX_USERS}`}; it is left out`)
    else if (/[\0-\x1f\x7f]/.test(name))
      found.problems.push(`line ${i + 1} has a control character; it is left out`)
    else found.users.push({ name, hash })
  }
  if (found.users.length === 0)
    found.problems.push('has no user that can be served; until then nobody comes in')
  return found
}

function nobody(problem: string): Users {
  return { users: [], problems: [problem] }
}
