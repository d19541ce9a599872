// A firewall on the machine that drops what is forwarded stops pods from reaching anything, and one that drops what comes
// in stops them from reaching the machine: its API, its DNS. The rules of others are not ours to change, so it is said,
// with the commands that mend it, in the words of the firewall that is in use.

import { existsSync, readFileSync } from 'node:fs'
import { RunError, run } from '../run.ts'

export interface Firewall {
  /** All rules, as `nft -j list ruleset` has them. */
  nftables: readonly NftObject[]
  /** `iptables-legacy -S`; '' where it is not used. */
  legacy: string
  /** Traffic between pods of one node passes these chains too. */
  bridgeNetfilter: boolean
}

export interface NftChain {
  family: string
  table: string
  name: string
  hook?: string
  policy?: string
}

export interface NftObject {
  chain?: NftChain
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

/** A sentence for each thing that stops pods, with the commands that mend it after its first colon. Pure. */
export function firewallProblems(firewall: Firewall, bridge: string): string[] {
  const modern = chainsOf(firewall).flatMap((chain) => {
    const hook = chain.hook
    if ((hook !== 'forward' && hook !== 'input') || !['ip', 'inet'].includes(chain.family)) return []
    if (!drops(firewall, chain) || isOpened(firewall, chain, bridge)) return []
    const where = `chain ${chain.name} of table ${chain.family} ${chain.table}`
    return [sentence(firewall, { hook, where, commands: commandsFor(firewall, chain, hook, bridge) })]
  })
  const legacy = (['forward', 'input'] as const).flatMap((hook) => {
    const name = hook.toUpperCase()
    const opened = new RegExp(`^-A ${name} .*-[io] ${bridge} .*-j ACCEPT`, 'm').test(firewall.legacy)
    if (opened || !firewall.legacy.includes(`-P ${name} DROP`)) return []
    const commands = iptablesCommands('iptables-legacy', hook, bridge)
    return [sentence(firewall, { hook, where: `iptables-legacy, chain ${name}`, commands })]
  })
  return [...modern, ...legacy]
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

type Hook = 'forward' | 'input'

function sentence(
  { bridgeNetfilter }: Firewall,
  { hook, where, commands }: { hook: Hook; where: string; commands: readonly string[] },
): string {
  const everything = bridgeNetfilter
    ? 'pods reach neither each other nor the outside'
    : 'pods do not reach the outside'
  const [what, effect] =
    hook === 'forward'
      ? ['forwarded packets', everything]
      : ['what comes in', 'pods do not reach the API and names']
  return `this machine's firewall drops ${what} (${where}), so ${effect}: ${commands.join(' && ')}`
}

function commandsFor(firewall: Firewall, chain: NftChain, hook: Hook, bridge: string): string[] {
  const { family, table, name } = chain
  if (table === 'firewalld') {
    return [`firewall-cmd --permanent --zone=trusted --add-interface=${bridge}`, 'firewall-cmd --reload']
  }
  if (chainsOf(firewall).some((one) => one.name.startsWith('ufw-'))) {
    if (hook === 'input') return [`ufw allow in on ${bridge}`]
    return [`ufw route allow in on ${bridge}`, `ufw route allow out on ${bridge}`]
  }
  if (table === 'filter' && name === hook.toUpperCase()) return iptablesCommands('iptables', hook, bridge)
  const directions = hook === 'forward' ? ['iifname', 'oifname'] : ['iifname']
  return directions.map((key) => `nft insert rule ${family} ${table} ${name} ${key} "${bridge}" accept`)
}

function iptablesCommands(program: string, hook: Hook, bridge: string): string[] {
  const flags = hook === 'forward' ? ['i', 'o'] : ['i']
  return flags.map((flag) => `${program} -I ${hook.toUpperCase()} -${flag} ${bridge} -j ACCEPT`)
}

/** By its policy, or by a last rule that nothing escapes, as firewalld has it. */
function drops(firewall: Firewall, chain: NftChain): boolean {
  if (chain.policy === 'drop') return true
  const last = rulesOf(firewall, chain).at(-1)
  if (last === undefined || last.some((part) => hasKey(part, 'match'))) return false
  return last.some((part) => hasKey(part, 'drop') || hasKey(part, 'reject'))
}

/** A rule of this chain, or of one that it leads to, names the bridge and lets it on. */
function isOpened(firewall: Firewall, chain: NftChain, bridge: string): boolean {
  const names = [chain.name]
  for (const name of names) {
    for (const rule of rulesOf(firewall, { ...chain, name })) {
      const targets = rule.flatMap(targetsOf)
      const named = JSON.stringify(rule).includes(`"${bridge}"`)
      if (named && (targets.length > 0 || rule.some((part) => hasKey(part, 'accept')))) return true
      names.push(...targets.filter((target) => !names.includes(target)))
    }
  }
  return false
}

function rulesOf({ nftables }: Firewall, { family, table, name }: NftChain): (readonly unknown[])[] {
  return nftables.flatMap(({ rule }) =>
    rule?.family === family && rule.table === table && rule.chain === name ? [rule.expr] : [],
  )
}

function chainsOf({ nftables }: Firewall): NftChain[] {
  return nftables.flatMap(({ chain }) => (chain === undefined ? [] : [chain]))
}

function targetsOf(part: unknown): string[] {
  const { jump, goto } = part as Partial<Record<'jump' | 'goto', { target: string }>>
  return [jump, goto].flatMap((verdict) => (verdict === undefined ? [] : [verdict.target]))
}

function hasKey(part: unknown, key: string): boolean {
  return typeof part === 'object' && part !== null && key in part
}

async function legacyRules(): Promise<string> {
  return (await run(['iptables-legacy', '-S'])).stdout
}
