// A child process of lan.test.ts, in a network namespace of its own that stands for a machine: a card on a LAN with a
// neighbour who asks and one who has addresses already. Prints what was seen as JSON.

import { run } from '@brume/machine/run'
import { eventually } from '@brume/testkit/eventually'
import type { Family } from '../network/family.ts'
import { ask, inside, Namespaces } from '../testing/namespaces.ts'
import { cardState, leaveAll, take } from './lan.ts'
import { freshAddresses, leaveCommands, tableLines } from './plan.ts'

const TABLE = 'lan-announce'
const CARD = 'card0'
const OWN = { ip: '192.0.2.2', ip6: '2001:db8::2' }
const FREE = { ip: '192.0.2.240', ip6: '2001:db8::f0' }
const HELD = { ip: '192.0.2.241', ip6: '2001:db8::f1' }
const MOVED = { ip: '192.0.2.242', ip6: '2001:db8::f2' }
const PERSONAL = { ip: '192.0.2.243', ip6: '2001:db8::f3' }
const LENGTH = { ip: 32, ip6: 128 }
const PORT = 8080

const namespaces = new Namespaces()

async function plug(pid: number, number: number): Promise<void> {
  await run([
    'ip',
    'link',
    'add',
    `lan${number}`,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    String(pid),
  ])
  await run(['ip', 'link', 'set', `lan${number}`, 'master', CARD, 'up'])
  await inside(pid, ['ip', 'address', 'add', `192.0.2.${number}/24`, 'dev', 'eth0'])
  await inside(pid, ['ip', 'address', 'add', `2001:db8::${number}/64`, 'dev', 'eth0', 'nodad'])
  await inside(pid, ['ip', 'link', 'set', 'eth0', 'up'])
}

async function macOf(pid: number | undefined, dev: string): Promise<string> {
  const argv = ['ip', '-json', 'link', 'show', 'dev', dev]
  return JSON.parse(pid === undefined ? (await run(argv)).stdout : await inside(pid, argv))[0].address
}

try {
  await run(['ip', 'link', 'set', 'lo', 'up'])
  await run(['ip', 'link', 'add', CARD, 'type', 'bridge'])
  await run(['ip', 'address', 'add', `${OWN.ip}/24`, 'dev', CARD])
  await run(['ip', 'address', 'add', `${OWN.ip6}/64`, 'dev', CARD, 'nodad'])
  await run(['ip', 'link', 'set', CARD, 'up'])
  const [asker, holder] = [await namespaces.make(), await namespaces.make()]
  await plug(asker, 11)
  await plug(holder, 12)
  // So that ours is told by a question for it.
  await run(['ip', 'route', 'add', 'default', 'via', '192.0.2.11'])
  await namespaces.serve(process.pid, 'machine', PORT, '::')
  await namespaces.serve(holder, 'holder', PORT, '::')
  await namespaces.serve(asker, 'asker', PORT, '::')
  const macs = { own: await macOf(undefined, CARD), holder: await macOf(holder, 'eth0') }

  const seenOf = async (family: Family) => {
    const neighbour = async () => {
      const found = await inside(asker, ['ip', '-json', 'neigh', 'show', MOVED[family], 'dev', 'eth0'])
      const mac = JSON.parse(found.trim() || '[]')[0]?.lladdr
      return mac === macs.own ? 'machine' : mac === macs.holder ? 'holder' : mac
    }
    const lines = (...addresses: string[]) =>
      run(['nft', '-f', '-'], { input: `${tableLines(TABLE, addresses, family).join('\n')}\n` })
    for (const one of [HELD, MOVED])
      await inside(holder, ['ip', 'address', 'add', `${one[family]}/${LENGTH[family]}`, 'dev', 'eth0'])
    await eventually('the holder has its addresses', async () =>
      (await ask(asker, MOVED[family], PORT)).startsWith('holder'),
    )
    const before = await neighbour()
    const has = async () => (await cardState(OWN.ip, TABLE, family)).addresses.map(({ local }) => local)
    const state = await cardState(OWN.ip, TABLE, family)
    const free = await take(FREE[family], state)
    const answers = await ask(asker, FREE[family], PORT)
    const held = await take(HELD[family], state)
    const hasHeld = (await has()).includes(HELD[family])
    const stillHeld = await ask(asker, HELD[family], PORT)
    await inside(holder, ['ip', 'address', 'del', `${MOVED[family]}/${LENGTH[family]}`, 'dev', 'eth0'])
    const moved = await take(MOVED[family], state)
    const after = await eventually('the asker is told', async () =>
      (await neighbour()) === 'machine' ? 'machine' : undefined,
    )
    const speaks = await ask(process.pid, family === 'ip' ? '192.0.2.11' : '2001:db8::11', PORT)
    await run(['ip', 'address', 'add', `${PERSONAL[family]}/${LENGTH[family]}`, 'dev', CARD])
    const wanted = [FREE[family], MOVED[family], PERSONAL[family]]
    const fresh = freshAddresses(await cardState(OWN.ip, TABLE, family), wanted)
    await lines(...wanted)
    await inside(asker, ['ip', 'neigh', 'flush', 'dev', 'eth0'])
    const filtered = await ask(asker, FREE[family], PORT)
    const leaving = leaveCommands(await cardState(OWN.ip, TABLE, family), [FREE[family]]).map((one) => one[3])
    await leaveAll(TABLE, family)
    const left = (await has()).filter((ip) => wanted.includes(ip))
    await lines()
    return {
      ...{ before, free, answers, held: held !== undefined, hasHeld, stillHeld, moved, after, speaks },
      ...{ fresh, filtered, leaving, left },
    }
  }
  process.stdout.write(JSON.stringify({ ip: await seenOf('ip'), ip6: await seenOf('ip6') }))
} finally {
  namespaces.close()
}
