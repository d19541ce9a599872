// What pods hear while nobody serves names, as long as Brume is started again: nothing. The kernel would refuse their
// questions, and a resolver that is refused gives up within a millisecond; one that hears nothing asks again.

import { run } from '@brume/machine/run'

const PORT = 53
/** Where in an ICMP message the address and the port are that the refused packet was for: behind 8 bytes of its own. */
const ADDRESS_BIT = (8 + 16) * 8
const PORT_BIT = (8 + 20 + 2) * 8

/** nft table of its own, which stays when the agent ends. */
export function namesTable(table: string): string {
  return `${table}-names`
}

export function silenceScript(table: string, host: string): string {
  const t = `ip ${namesTable(table)}`
  const address = host.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  const refused = `@th,${ADDRESS_BIT},32 ${address} @th,${PORT_BIT},16 ${PORT}`
  return [
    `add table ${t}`,
    `delete table ${t}`,
    `add table ${t}`,
    `add chain ${t} output { type filter hook output priority 0 ; policy accept ; }`,
    `add rule ${t} output icmp type destination-unreachable icmp code port-unreachable ${refused} counter drop`,
    '',
  ].join('\n')
}

/** Pods that ask `host` are not refused. Throws RunError. */
export async function silenceRefusals(table: string, host: string): Promise<void> {
  await run(['nft', '-f', '-'], { input: silenceScript(table, host) })
}
