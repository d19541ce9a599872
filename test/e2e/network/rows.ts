// One documented behaviour as data: objects that are applied, and for each connection what comes of it. Who asks and who
// is asked are named by the world that the rows run in (world.ts).

import type { KubeObject } from '@brume/api/object'

/** Address of somebody in the world, by name. */
export type AddressOf = (name: string) => string

/**
 * `allowed`: somebody answers. `denied`: nothing comes back. `refused`: at once. Else who answers, and perhaps as whom
 * they see the caller: `web`, `web+db` (both and nobody else), `web|db` (one of them, always the same), `web sees outside`.
 */
export type Outcome = string

/** Who asks, whom (`web`, an address, `service NAME`, `balancer NAME`), at which port; UDP perhaps from a certain one. */
export type Check = [
  from: string,
  to: string,
  port: number,
  protocol: 'tcp' | 'udp',
  outcome: Outcome,
  sourcePort?: number,
]

export interface Step {
  /** Made or, when they are there already, changed to this; undone when the row is over. */
  apply?: (ip: AddressOf) => readonly RowObject[]
  /** `Kind namespace/name`. */
  remove?: readonly string[]
  checks: readonly Check[]
}

export interface Row extends Step {
  /** The behaviour, as it is documented. */
  title: string
  /** What this version does instead: known, said in docs/guide/network.md, and not counted as a failure. */
  gap?: string
  /** What changes then, and what comes of it. */
  after?: readonly Step[]
}

export type RowObject = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'> & Record<string, unknown>

/** Of one check: what was heard in the end. */
export interface Seen {
  check: string
  heard: string
  expected: string
}

/** title -> what did not come out as documented. */
export type Findings = Record<string, { seen: Seen[]; error?: string }>

export function textOf([from, to, port, protocol]: Check): string {
  return `${from} -> ${to}:${port}/${protocol}`
}
