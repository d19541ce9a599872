// Hosts that another namespace named first are not to be had by whoever comes later: a certificate of a CA is trusted
// everywhere, and its key lies where it was asked for. Pure.

import { firstClaims, whoseInstead } from '../claims.ts'
import type { Claim } from '../model.ts'
import { ageOf } from '../source.ts'
import type { Asking } from './wants.ts'

export function withoutOthers(askings: readonly Asking[], claims: readonly Claim[]): Asking[] {
  const first = firstClaims(claims)
  return askings.map((asking) => {
    const { owner, entries } = asking
    const claimant = { namespace: owner.metadata.namespace ?? '', order: ageOf(owner) }
    const hosts = entries.flatMap((entry) => entry.hosts.map((host) => host.toLowerCase()))
    const others = new Map(
      hosts.flatMap((host) => {
        const instead = whoseInstead(host, claimant, first)
        return instead === undefined ? [] : [[host, instead] as const]
      }),
    )
    return others.size === 0 ? asking : { ...asking, others }
  })
}
