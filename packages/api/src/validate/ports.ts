// Numbers and names of ports, user and group ids, ranges.

import { byteLength } from './json.ts'
import { maxLengthMessage, rangeMessage } from './names.ts'

const MAX_INT32 = 2147483647

export function isInRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [rangeMessage(low, high)]
}

export function isPortNumber(port: number): string[] {
  return isInRange(port, 1, 65535)
}

/** IANA service name, as RFC 6335 has it. */
export function isPortName(text: string): string[] {
  const errors: string[] = []
  if (byteLength(text) > 15) errors.push(maxLengthMessage(15))
  if (!/^[-a-z0-9]+$/.test(text)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  }
  if (!/[a-z]/.test(text)) errors.push('must contain at least one letter (a-z)')
  if (text.includes('--')) errors.push('must not contain consecutive hyphens')
  if (text.startsWith('-') || text.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

export function isUserId(id: number): string[] {
  return isInRange(id, 0, MAX_INT32)
}

export function isGroupId(id: number): string[] {
  return isInRange(id, 0, MAX_INT32)
}
