// The capabilities of this process, as capabilities(7) numbers them.

import { readFileSync } from 'node:fs'

const NUMBERS = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21, CAP_SYS_RESOURCE: 24 } as const

export type Capability = keyof typeof NUMBERS

/** `status` is the text of /proc/self/status. */
export function hasCapability(capability: Capability, status = ownStatus()): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'
  return ((BigInt(`0x${mask}`) >> BigInt(NUMBERS[capability])) & 1n) === 1n
}

function ownStatus(): string {
  return readFileSync('/proc/self/status', 'latin1')
}
