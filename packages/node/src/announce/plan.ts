// Commands and rules that make a card answer for some addresses and for no others of ours. Pure.

export interface CardAddress {
  local: string
  prefixlen: number
  label?: string
}

/** Of the addresses, in the table; it outlives the agent. */
export const ANNOUNCED_SET = 'announced'
/** By this part of its label an address is known to be a cloud's. */
const LABEL = 'lb'

export interface CardState {
  card: string
  /** What the card has, of ours and of others. */
  addresses: readonly CardAddress[]
  /** What was told to the kernel before, by this agent or one before it. */
  told: readonly string[]
}

/** Before the rules: addresses that are no longer ours. What a person gave the card is left alone. */
export function leaveCommands({ card, addresses, told }: CardState, wanted: readonly string[]): string[][] {
  return addresses
    .filter(({ label, prefixlen }) => prefixlen === 32 && label === labelOf(card))
    .filter(({ local }) => told.includes(local) && !wanted.includes(local))
    .map(({ local }) => ['ip', 'address', 'del', `${local}/32`, 'dev', card])
}

/** Those that the card does not have yet. */
export function freshAddresses({ addresses }: CardState, wanted: readonly string[]): string[] {
  return wanted.filter((ip) => !addresses.some(({ local }) => local === ip))
}

export function takeCommand(card: string, ip: string): string[] {
  return ['ip', 'address', 'add', `${ip}/32`, 'dev', card, 'label', labelOf(card), 'noprefixroute']
}

export function labelOf(card: string): string {
  return `${card}:${LABEL}`
}

/** What is led to a pod no longer has the address when it comes here. */
export function tableLines(table: string, addresses: readonly string[]): string[] {
  const t = `ip ${table}`
  const clean = [`add table ${t}`, `delete table ${t}`]
  if (addresses.length === 0) return clean
  return [
    ...clean,
    `add table ${t}`,
    `add set ${t} ${ANNOUNCED_SET} { type ipv4_addr ; elements = { ${addresses.join(', ')} } ; }`,
    `add chain ${t} input { type filter hook input priority 5 ; policy accept ; }`,
    `add rule ${t} input iifname "lo" accept`,
    `add rule ${t} input ip daddr @announced icmp type echo-request accept`,
    `add rule ${t} input ip daddr @announced reject`,
  ]
}
