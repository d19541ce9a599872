// Ethernet addresses that nobody gave: the same for the same text, at every start and on every node.

import { createHash } from 'node:crypto'

/** Locally administered: the second bit of the first byte. */
export function madeUpMac(text: string): string {
  const [a, b, c, d, e] = createHash('sha256').update(text).digest()
  return [0x02, a!, b!, c!, d!, e!].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}
