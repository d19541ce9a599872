// Bootstrap tokens: how a new machine introduces itself before it has a certificate. `ID.SECRET`, kept as the Secret
// kube-system/bootstrap-token-ID.

import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '@brume/base/clock'
import type { ObjectReader } from '../../registry/reader.ts'
import type { Authenticator, UserInfo } from '../types.ts'
import { bearerToken } from './bearer-token.ts'
import { unauthorized } from './unauthorized.ts'

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/
const SECRET_TYPE = 'bootstrap.kubernetes.io/token'

export function bootstrapTokenAuthenticator(options: { reader: ObjectReader; clock: Clock }): Authenticator {
  return {
    authenticate(request) {
      const [, id, secret] = TOKEN.exec(bearerToken(request) ?? '') ?? []
      if (id === undefined || secret === undefined) return undefined
      return userOf(id, secret, options)
    },
  }
}

function userOf(
  id: string,
  secret: string,
  { reader, clock }: { reader: ObjectReader; clock: Clock },
): UserInfo {
  const held = reader.get('', 'secrets', 'kube-system', `bootstrap-token-${id}`)
  if (held === undefined) throw unauthorized(`there is no bootstrap token ${id}`)
  const field = (name: string) => Buffer.from(String(held['data']?.[name] ?? ''), 'base64').toString('utf8')
  const isWrong =
    held['type'] !== SECRET_TYPE ||
    held.metadata.deletionTimestamp !== undefined ||
    field('token-id') !== id ||
    !sameSecret(field('token-secret'), secret)
  if (isWrong) throw unauthorized(`the secret of bootstrap token ${id} is wrong`)
  const expiration = field('expiration')
  // A time that cannot be read counts as passed.
  if (expiration !== '' && !(Date.parse(expiration) > clock.now())) {
    throw unauthorized(`bootstrap token ${id} has expired`)
  }
  if (field('usage-bootstrap-authentication') !== 'true') {
    throw unauthorized(`bootstrap token ${id} is not for authentication`)
  }
  const groups = field('auth-extra-groups')
    .split(',')
    .filter((group) => group !== '')
  if (groups.some((group) => !EXTRA_GROUP.test(group))) {
    throw unauthorized(`bootstrap token ${id} has a group outside system:bootstrappers`)
  }
  const unique = [...new Set(groups)].filter((group) => group !== 'system:bootstrappers').sort()
  return { name: `system:bootstrap:${id}`, groups: ['system:bootstrappers', ...unique] }
}

function sameSecret(held: string, given: string): boolean {
  const [a, b] = [Buffer.from(held), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
