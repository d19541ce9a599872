// Takes the built-in network of a cloud away: its table, its bridge, what plugins remember. Only what bears its name.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ownNames } from '@brume/machine/own-names'
import { RunError, run } from '@brume/machine/run'
import { leaveAll } from '../announce/lan.ts'
import { namesTable } from '../dns/silence.ts'
import { runtimePaths } from '../runtime/paths.ts'
import { CNI_RESULTS, isResultOf } from './cni-results.ts'
import { familiesOf } from './family.ts'
import { linkKind } from './host.ts'
import { announceTable, policiesTable, removalRules, servicesTable } from './nft-rules.ts'

/** Idempotent; works without the programs, where there is nothing to remove then. */
export async function removeNetwork(dataDir: string): Promise<void> {
  const { bridge, table, tunnel, wireguard } = ownNames(dataDir)
  const tables = [table, servicesTable(table), policiesTable(table), announceTable(table), namesTable(table)]
  for (const family of familiesOf(true)) await ignoreMissing(leaveAll(announceTable(table), family))
  const removals = tables.flatMap((one) => [removalRules(one), removalRules(one, 'ip6')])
  await ignoreMissing(run(['nft', '-f', '-'], { input: removals.join('') }))
  await ignoreMissing(removeBridgeTable(table))
  await ignoreMissing(removeBridge(bridge))
  await ignoreMissing(removeTunnel(tunnel, 'vxlan'))
  await ignoreMissing(removeTunnel(wireguard, 'wireguard'))
  if (existsSync(CNI_RESULTS)) {
    for (const name of readdirSync(CNI_RESULTS).filter((name) => isResultOf(table, name)))
      rmSync(join(CNI_RESULTS, name), { force: true })
  }
  const { cniConf, cniState } = runtimePaths(dataDir)
  for (const dir of [cniConf, cniState]) rmSync(dir, { recursive: true, force: true })
}

/** By itself: kernels without nftables for bridges refuse the very question. */
async function removeBridgeTable(table: string): Promise<void> {
  const { stdout } = await run(['nft', 'list', 'tables'])
  if (stdout.split('\n').includes(`table bridge ${table}`))
    await run(['nft', 'delete', 'table', 'bridge', table])
}

async function removeBridge(bridge: string): Promise<void> {
  if ((await linkKind(bridge)) === 'bridge') await run(['ip', 'link', 'del', bridge])
}

async function removeTunnel(tunnel: string, kind: string): Promise<void> {
  if ((await linkKind(tunnel)) === kind) await run(['ip', 'link', 'del', tunnel])
}

/** Without root nothing was made, and nothing can be looked at. */
async function ignoreMissing(done: Promise<unknown>): Promise<void> {
  try {
    await done
  } catch (error) {
    if (!(error instanceof RunError) || (error.code !== 'ENOENT' && process.getuid?.() === 0)) throw error
  }
}
