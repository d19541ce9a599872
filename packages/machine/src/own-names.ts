// The names that one cloud gives to things outside its data directory: bridge, nft table, control group. They derive
// from the directory, so that two clouds on one machine never take each other's.

import { createHash } from 'node:crypto'
import { resolve } from 'node:path'

/** The usual directory has names that are easy to recognize. */
export const USUAL_DIR = '/var/lib/brume'

export interface OwnNames {
  /** Of the bridge, at most 15 letters (the kernel's limit for interfaces). */
  bridge: string
  /** Of the tunnel to other nodes, at most 15 letters. */
  tunnel: string
  /** Of the encrypted tunnel to other nodes, at most 15 letters. */
  wireguard: string
  /** Of the nft tables. */
  table: string
  /** The control group above all others of this cloud, as a path below the hierarchies' roots: `/brume`. */
  cgroup: string
  /** A short directory for sockets whose own path is too long for the kernel. */
  shortDir: string
}

export function ownNames(dataDir: string): OwnNames {
  const path = resolve(dataDir)
  const suffix = createHash('sha256').update(path).digest('hex').slice(0, 8)
  const name = path === USUAL_DIR ? 'brume' : `brume-${suffix}`
  return {
    bridge: path === USUAL_DIR ? 'brume0' : name,
    tunnel: path === USUAL_DIR ? 'brume-tunnel' : `brumev-${suffix}`,
    wireguard: path === USUAL_DIR ? 'brume-wg' : `brumew-${suffix}`,
    table: name,
    cgroup: `/${name}`,
    shortDir: `/run/${name}`,
  }
}
