// Where a request came from: what proxies on the way say, then the connection's other end, which alone is sure.

import { isIP } from 'node:net'
import type { ApiRequest } from '../http/types.ts'

const MAX_FORWARDED = 16

/** As Kubernetes orders them. Empty for what runs in this process. */
export function sourceIpsOf({
  headers,
  remoteAddress,
}: Pick<ApiRequest, 'headers' | 'remoteAddress'>): string[] {
  const forwarded = headers['x-forwarded-for']
  const real = headers['x-real-ip']
  const peer = plain(remoteAddress)
  if (forwarded === undefined && real === undefined) return peer === '' ? [] : [peer]
  const claimed = (forwarded ?? '')
    .split(',', MAX_FORWARDED)
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0)
  if (real !== undefined && isIP(real) !== 0 && !claimed.includes(real)) claimed.push(real)
  return peer === '' || claimed.at(-1) === peer ? claimed : [...claimed, peer]
}

const MAPPED = '::ffff:'

function plain(address: string): string {
  return address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address
}
