// The addresses of IPv6 of a cloud with both families: unique local ones (RFC 4193), drawn once and kept. A cloud has the
// families that it began with: a Node and a Service keep what they were given.

import { randomBytes } from 'node:crypto'
import { EXIT_USAGE } from '@brume/base/command-line'
import { UserError } from '../user-error.ts'

export interface FamilyOptions {
  /** `IPv4`, or `IPv4,IPv6`; undefined: as before, at first IPv4. */
  ipFamilies?: string | undefined
  cniConfDir?: string | undefined
}

const BOTH = 'IPv4,IPv6'
const FAMILIES = ['IPv4', BOTH]

/** What can be said without looking at the machine. Throws UserError. */
export function checkFamilies({ ipFamilies, cniConfDir }: FamilyOptions): void {
  if (ipFamilies === undefined) return
  if (!FAMILIES.includes(ipFamilies)) {
    const problem = `--ip-families ${ipFamilies} is neither ${FAMILIES.join(' nor ')}`
    throw new UserError(problem, `./brume up --ip-families ${BOTH}`, { exitCode: EXIT_USAGE })
  }
  if (ipFamilies === BOTH && cniConfDir !== undefined) {
    throw new UserError(
      `--ip-families ${BOTH} is for the built-in network; with --cni-conf, a site's own gives pods their addresses`,
      `./brume up --cni-conf ${cniConfDir}`,
      { exitCode: EXIT_USAGE },
    )
  }
}

/** undefined: the cloud has IPv4 alone. `isOld`: it began before. Throws UserError when that was to change. */
export function ipv6PrefixOf(
  { ipFamilies }: FamilyOptions,
  { kept, isOld }: { kept: string | undefined; isOld: boolean },
): string | undefined {
  const wanted = ipFamilies === undefined ? undefined : ipFamilies === BOTH
  if (wanted !== undefined && isOld && wanted !== (kept !== undefined)) {
    const has = kept === undefined ? 'IPv4' : BOTH
    throw new UserError(
      `--ip-families ${ipFamilies}: this cloud began with ${has}, and its nodes and Services keep their addresses`,
      `./brume up --ip-families ${has}   (or begin anew: ./brume reset)`,
    )
  }
  return wanted === true ? (kept ?? drawPrefix(randomBytes(5))) : kept
}

/** The first 48 bits, of which 40 are `random`: `fd12:3456:789a`. */
export function drawPrefix(random: Uint8Array): string {
  const digits = `fd${Buffer.from(random).toString('hex').slice(0, 10)}`
  return digits
    .match(/.{4}/g)!
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/** 256 nodes of a /64 each; and 65,536 Services. */
export function rangesBelow(prefix: string): { pods: string; services: string } {
  return { pods: `${prefix}::/56`, services: `${prefix}:ffff::/112` }
}
