// What went over the network interfaces that a process sees.

import { readFileSync } from 'node:fs'

export interface InterfaceUsage {
  name: string
  rxBytes: number
  rxPackets: number
  rxErrors: number
  rxDropped: number
  txBytes: number
  txPackets: number
  txErrors: number
  txDropped: number
}

/** Of the network namespace of process `pid` (or `self`), without loopback. None when the process is gone. */
export function readNetworkUsage(pid: number | 'self'): InterfaceUsage[] {
  try {
    return parseNetDev(readFileSync(`/proc/${pid}/net/dev`, 'utf8')).filter(({ name }) => name !== 'lo')
  } catch {
    return []
  }
}

/** Of /proc/net/dev: two lines of headings, then one for each interface. */
export function parseNetDev(text: string): InterfaceUsage[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const colon = line.lastIndexOf(':')
      if (colon < 0) return []
      const n = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/)
        .map(Number)
      const at = (index: number) => n[index] ?? 0
      return [
        {
          name: line.slice(0, colon).trim(),
          rxBytes: at(0),
          rxPackets: at(1),
          rxErrors: at(2),
          rxDropped: at(3),
          txBytes: at(8),
          txPackets: at(9),
          txErrors: at(10),
          txDropped: at(11),
        },
      ]
    })
}
