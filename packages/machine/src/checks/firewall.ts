// A firewall on the machine that drops what is forwarded stops pods from reaching anything; the rules of others are not
// ours to change, so it is said, with the command that mends it.

import { existsSync, readFileSync } from 'node:fs'
import { RunError, run } from '../run.ts'

export interface Firewall {
  /** All rules, as `nft -j list ruleset` has them. */
  nftables: readonly NftObject[]
  /** `iptables-legacy -S FORWARD`; '' where it is not used. */
  legacy: string
  /** Traffic between pods of one node passes these chains too. */
  bridgeNetfilter: boolean
}

export interface NftObject {
  chain?: { family: string; table: string; name: string; hook?: string; policy?: string }
  rule?: { family: string; table: string; chain: string; expr: readonly unknown[] }
}

const BRIDGE_NETFILTER = '/proc/sys/net/bridge/bridge-nf-call-iptables'
const LEGACY_TABLES = '/proc/net/ip_tables_names'

export async function observeFirewall(): Promise<Firewall> {
  const { stdout } = await run(['nft', '-j', 'list', 'ruleset'])
  const legacyUsed = existsSync(LEGACY_TABLES) && readFileSync(LEGACY_TABLES, 'utf8').includes('filter')
  return {
    nftables: JSON.parse(stdout).nftables,
    legacy: legacyUsed ? await legacyRules() : '',
    bridgeNetfilter: existsSync(BRIDGE_NETFILTER) && readFileSync(BRIDGE_NETFILTER, 'utf8').trim() === '1',
  }
}

/** A sentence for each thing that stops pods, with the command that mends it. Pure. */
export function firewallProblems(firewall: Firewall, bridge: string): string[] {
  const what = firewall.bridgeNetfilter
    ? 'pods reach neither each other nor the outside'
    : 'pods do not reach the outside'
  const problems = firewall.nftables
    .flatMap(({ chain }) => (chain?.hook === 'forward' && chain.policy === 'drop' ? [chain] : []))
    .filter((chain) => ['ip', 'inet'].includes(chain.family) && !isOpened(firewall, chain, bridge))
    .map(({ family, table, name }) => {
      const rule = (direction: string) =>
        table === 'filter' && name === 'FORWARD'
          ? `iptables -I FORWARD -${direction === 'iifname' ? 'i' : 'o'} ${bridge} -j ACCEPT`
          : `nft insert rule ${family} ${table} ${name} ${direction} "${bridge}" accept`
      return `this machine's firewall drops forwarded packets (chain ${name} of table ${family} ${table}), so ${what}: ${rule('iifname')} && ${rule('oifname')}`
    })
  if (firewall.legacy.includes('-P FORWARD DROP') && !firewall.legacy.includes(` ${bridge} -j ACCEPT`)) {
    const rule = (flag: string) => `iptables-legacy -I FORWARD -${flag} ${bridge} -j ACCEPT`
    problems.push(
      `this machine's firewall drops forwarded packets (iptables-legacy, chain FORWARD), so ${what}: ${rule('i')} && ${rule('o')}`,
    )
  }
  return problems
}

async function legacyRules(): Promise<string> {
  return (await run(['iptables-legacy', '-S', 'FORWARD'])).stdout
}

/** None when it cannot be found out. */
export async function firewallWarnings(bridge: string): Promise<string[]> {
  try {
    return firewallProblems(await observeFirewall(), bridge)
  } catch (error) {
    if (!(error instanceof RunError)) throw error
    return []
  }
}

/** A rule of this chain, or of one that it jumps to, accepts what comes from the bridge. */
function isOpened(
  { nftables }: Firewall,
  chain: { family: string; table: string; name: string },
  bridge: string,
): boolean {
  return nftables.some(({ rule }) => {
    if (rule === undefined || rule.family !== chain.family || rule.table !== chain.table) return false
    const text = JSON.stringify(rule.expr)
    return text.includes(`"${bridge}"`) && text.includes('"accept"')
  })
}
