// What a HAProxy that somebody has taken over could do to the machine.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, test } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { eventually } from '@brume/testkit/eventually'
import { RealEdge } from '@brume/testkit/real-edge'
import { infoOf } from './admin.ts'
import { head } from './head.ts'
import { identityIn, innerSocket, workerIdentity } from './identity.ts'
import { whyTaken } from './ports.ts'
import { CONFIG } from './process.ts'

const skip =
  findExecutable('haproxy') === undefined
    ? 'haproxy is not installed'
    : workerIdentity() === undefined
      ? 'only root may become somebody else'
      : false

describe("HAProxy's workers", { skip, timeout: 60_000 }, () => {
  const edge = new RealEdge()
  const { uid, gid } = workerIdentity() ?? { uid: 0, gid: 0 }
  const model = () => {
    const { https } = edge.ports
    const one = edge.model(edge.route('web.example', '/', 'web'))
    return { ...one, listeners: [...one.listeners, { port: https, protocol: 'tls' as const }] }
  }

  before(async () => {
    await edge.listen()
    await edge.serve('web')
    await edge.apply(model())
  })
  after(() => edge.close())

  const statusOf = (pid: number, field: string) =>
    new RegExp(`^${field}:(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.trim()

  /** Of the newest: others may be about to be gone. */
  async function assertNobody(): Promise<void> {
    const { pid } = await infoOf(edge.haproxy.socket)
    assert.ok(edge.haproxy.workers.includes(pid))
    assert.equal(statusOf(pid, 'Uid'), Array(4).fill(uid).join('\t'))
    assert.equal(statusOf(pid, 'Gid'), Array(4).fill(gid).join('\t'))
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
      assert.equal(statusOf(pid, set), '0'.repeat(16), set)
    assert.equal(statusOf(pid, 'Groups'), '')
    assert.equal(statusOf(pid, 'NoNewPrivs'), '1')
    for (const task of readdirSync(`/proc/${pid}/task`))
      assert.equal(statusOf(Number(task), 'CapEff'), '0'.repeat(16), `thread ${task}`)
    assert.equal(readlinkSync(`/proc/${pid}/root`), join(edge.dir, 'jail'))
  }

  it('are nobody, and so are the next ones after a reload and a replacement', async () => {
    await assertNobody()
    await edge.serve('more')
    const { by } = await edge.apply({
      ...model(),
      routes: [...model().routes, edge.route('more.example', '/', 'more')],
    })
    assert.equal(by, 'loading')
    await assertNobody()
    assert.equal(await edge.heard('more.example', '/'), 'more')
    await edge.applier.renewLog(1)
    await assertNobody()
    assert.equal(await edge.heard('web.example', '/'), 'web')
    assert.match(
      await eventually('a line', () => edge.haproxy.read('access.log') || undefined),
      /web\.example/,
    )
  })

  it('open ports that only root may open, and connections that another of their ports passes on', async () => {
    const { http } = edge.ports
    const low = await lowPort()
    const given = model()
    await edge.apply({
      ...given,
      listeners: [{ port: low, protocol: 'http' }, ...given.listeners],
      routes: given.routes.map((route) => ({ ...route, ports: [low, http, edge.ports.https] })),
    })
    await assertNobody()
    assert.equal(await edge.heard('web.example', '/', { port: low }), 'web')
    assert.equal(await edge.heard('web.example', '/', { secure: true }), 'web')
  })

  it('are nobody from the first change on, where those of an older edge are root', async () => {
    await edge.haproxy.stop()
    const given = edge.haproxy.read(CONFIG)!
    const socket = `unix@${edge.dir}/run/opened.sock`
    edge.haproxy.write(
      CONFIG,
      given
        .replaceAll(/^ {2}(chroot|uid|gid) .*\n/gm, '')
        .replace(/unix@\S*jail\S* uid \d+ gid \d+ mode 600/, socket)
        .replace(/opened unix@\S*/, `opened ${socket}`),
    )
    await edge.haproxy.start()
    const older = (await infoOf(edge.haproxy.socket)).pid
    assert.equal(statusOf(older, 'Uid'), Array(4).fill(0).join('\t'))
    edge.applier = edge.newApplier()
    assert.equal((await edge.apply(model())).by, 'loading')
    await assertNobody()
    for (const secure of [false, true]) assert.equal(await edge.heard('web.example', '/', { secure }), 'web')
  })

  it('have a directory with nothing in it but what they open for each other, which is theirs alone', async () => {
    assert.deepEqual(readdirSync(join(edge.dir, 'jail')), [`${edge.ports.https}.${uid}.sock`])
    const jail = statSync(join(edge.dir, 'jail'))
    assert.deepEqual([jail.uid, jail.mode & 0o777], [0, 0o711])
    const socket = statSync(join(edge.dir, 'jail', `${edge.ports.https}.${uid}.sock`))
    assert.deepEqual([socket.uid, socket.gid, socket.mode & 0o777], [uid, gid, 0o600])
    const admin = statSync(edge.haproxy.socket)
    assert.deepEqual([admin.uid, admin.mode & 0o777], [0, 0o600])
  })
})

async function lowPort(): Promise<number> {
  for (;;) {
    const port = 600 + Math.floor(Math.random() * 400)
    if ((await whyTaken(port, false)) === undefined) return port
  }
}

test('workers are the user of the package, or a number where there is none', () => {
  assert.deepEqual(
    identityIn('root:x:0:0::/root:/bin/sh\nhaproxy:x:102:105::/var/lib/haproxy:/bin/false\n'),
    {
      uid: 102,
      gid: 105,
    },
  )
  for (const passwd of ['', 'root:x:0:0::/root:/bin/sh\n', 'haproxy:x:0:0::/:/bin/sh\n']) {
    const { uid, gid } = identityIn(passwd)
    assert.ok(uid > 1000 && gid > 1000)
  }
})

test('who is not root makes workers that are not somebody else either', () => {
  assert.doesNotMatch(head('/d', undefined).join('\n'), /chroot|[ug]id /)
  assert.deepEqual(innerSocket('/d', '443', undefined), {
    bind: 'unix@/d/jail/443.own.sock mode 600',
    server: 'unix@/d/jail/443.own.sock',
  })
})
