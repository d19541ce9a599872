// The node's network after somebody took a part of it away by hand: what is missing, and the pods' interfaces, which a
// bridge that goes leaves behind.

import type { Clock, Timer } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { run } from '@brume/machine/run'
import { attachmentsOf } from './attachments.ts'
import { addressesOf } from './host.ts'

const LOOK_EVERY_MS = 30_000

/** In words; none: all is there. */
export async function missingParts(
  bridge: string,
  table: string,
  { filtersBridges = true, hasIpv6 = false }: { filtersBridges?: boolean; hasIpv6?: boolean } = {},
): Promise<string[]> {
  const missing: string[] = []
  const links = await run(['ip', '-json', 'link', 'show', 'up', 'type', 'bridge'])
  const isUp = links.stdout.includes(`"ifname":"${bridge}"`)
  const isAway = !isUp || (await addressesOf(bridge)).length === 0
  if (isAway || (hasIpv6 && !(await addressesOf(bridge, 6)).some(isGlobal)))
    missing.push(`the bridge ${bridge}`)
  const { stdout } = await run(['nft', 'list', 'tables'])
  const tables = new Set(stdout.split('\n'))
  const families = filtersBridges ? ['ip', 'ip6', 'bridge'] : ['ip', 'ip6']
  for (const one of families.map((family) => `table ${family} ${table}`))
    if (!tables.has(one)) missing.push(`nft's ${one}`)
  return missing
}

function isGlobal(address: string): boolean {
  return !address.startsWith('fe80:')
}

/** Interfaces of pods that are on no bridge are put on this one. */
export async function attachPods(bridge: string, network: string): Promise<void> {
  const { stdout } = await run(['ip', '-json', 'link', 'show', 'type', 'veth'])
  const links: { ifname: string; master?: string }[] = stdout.trim() === '' ? [] : JSON.parse(stdout)
  const free = new Set(links.filter(({ master }) => master === undefined).map(({ ifname }) => ifname))
  const ports = attachmentsOf(network, bridge).map(({ port }) => port)
  for (const name of ports.filter((name) => free.has(name))) {
    await run(['ip', 'link', 'set', name, 'master', bridge])
    // A pod may reach itself over a host port or a Service.
    await run(['bridge', 'link', 'set', 'dev', name, 'hairpin', 'on'])
  }
}

/** Looks now and then. Returns how to stop. */
export function keepNetwork(
  network: { mend(): Promise<readonly string[]> },
  { clock, logger }: { clock: Clock; logger: Logger },
): () => void {
  let stopped = false
  let timer: Timer
  const look = async () => {
    try {
      const missing = await network.mend()
      if (missing.length > 0)
        logger.warn("a part of the node's network was missing and is there again", { missing })
    } catch (error) {
      logger.warn("the node's network could not be mended", { error: String(error) })
    }
    if (!stopped) timer = clock.after(LOOK_EVERY_MS, () => void look())
  }
  timer = clock.after(LOOK_EVERY_MS, () => void look())
  return () => {
    stopped = true
    timer.cancel()
  }
}
