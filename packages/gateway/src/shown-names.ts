// For which names each certificate is shown: not for hosts that another namespace named first. Pure.

import { type Claimant, whoseInstead } from './claims.ts'
import type { Claim } from './model.ts'

export interface Shown {
  /** Each certificate's names, in the order that they were given. */
  names: string[][]
  /** Hosts that another one's wildcard would reach -> the certificate that is theirs; undefined: the cloud's own. */
  kept: Map<string, number | undefined>
  /** Each certificate's names that it is not shown for, with the namespace that has them. */
  taken: Map<string, string>[]
}

export function shownNames(
  wanted: readonly { names: readonly string[]; claimant: Claimant | undefined }[],
  first: ReadonlyMap<string, Claim>,
): Shown {
  const byName = new Map<string, number[]>()
  const shown: Shown = { names: [], kept: new Map(), taken: [] }
  for (const [i, { names, claimant }] of wanted.entries()) {
    const taken = new Map<string, string>()
    for (const name of names) {
      const owner = whoseInstead(name, claimant, first)
      if (owner !== undefined) taken.set(name, owner)
      else byName.set(name, [...(byName.get(name) ?? []), i])
    }
    shown.names.push(names.filter((name) => !taken.has(name)))
    shown.taken.push(taken)
  }
  for (const host of first.keys()) {
    const wild = byName.get(`*.${host.slice(host.indexOf('.') + 1)}`) ?? []
    const own = wild.filter((i) => whoseInstead(host, wanted[i]!.claimant, first) === undefined)
    if (host.startsWith('*.') || own.length === wild.length || byName.has(host)) continue
    shown.kept.set(host, own[0])
  }
  return shown
}
