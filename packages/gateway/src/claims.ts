// Whose a host is: the namespace's that named it first. Routes of several namespaces may share a host, as in Kubernetes;
// which certificate is shown for it, and who gets one of a CA, is not for whoever comes later. Pure.

import type { Claim } from './model.ts'

/** Of somebody who wants a certificate shown, or one of a CA. */
export type Claimant = Pick<Claim, 'namespace' | 'order'>

/** Host -> the oldest that names it. */
export function firstClaims(claims: readonly Claim[]): Map<string, Claim> {
  const first = new Map<string, Claim>()
  for (const claim of claims) {
    const known = first.get(claim.host)
    if (known === undefined || claim.order < known.order) first.set(claim.host, claim)
  }
  return first
}

/** Whoever names a host before others is not kept from it by them. undefined: it may; else the namespace that has it. */
export function whoseInstead(
  host: string,
  claimant: Claimant | undefined,
  first: ReadonlyMap<string, Claim>,
): string | undefined {
  const owner = first.get(host)
  if (owner === undefined || claimant === undefined) return undefined
  return owner.namespace === claimant.namespace || claimant.order < owner.order ? undefined : owner.namespace
}
