import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { RELAY_LIMITS, type RelayLimits, relay } from './relay.ts'

let server: Server
before(async () => {
  server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => server.close())

/** Both ends of one TCP connection. */
async function pair(): Promise<[near: Socket, far: Socket]> {
  const { port } = server.address() as { port: number }
  const accepted = once(server, 'connection')
  const near = connect({ port, host: '127.0.0.1' })
  await once(near, 'connect')
  const [far] = (await accepted) as [Socket]
  return [near, far]
}

/** Two outer ends with a relay between them. */
async function relayed(limits: RelayLimits = RELAY_LIMITS) {
  const [left, innerLeft] = await pair()
  const [right, innerRight] = await pair()
  for (const socket of [left, right]) socket.on('error', () => {})
  return { left, right, done: relay(innerLeft, innerRight, limits) }
}

async function textOf(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk
  return text
}

test('bytes go both ways, and what was sent before an end arrives', async () => {
  const { left, right, done } = await relayed()
  left.write('question')
  const [question] = await once(right, 'data')
  assert.equal(String(question), 'question')
  right.end('answer'.repeat(100_000))
  assert.equal((await textOf(left)).length, 600_000)
  left.end()
  await done
})

test('one side that vanishes takes the other with it', async () => {
  const { left, right, done } = await relayed()
  left.write('x')
  await once(right, 'data')
  left.resetAndDestroy()
  await once(right.resume(), 'end')
  right.end()
  await done
})

test('a side that stays when the other has gone is given up', async () => {
  const { left, right, done } = await relayed({ ...RELAY_LIMITS, lingerMs: 50 })
  left.end()
  // The other never reads, so it does not know.
  await done
  right.destroy()
})

test('a relay on which nothing moves ends', async () => {
  const { left, right, done } = await relayed({ ...RELAY_LIMITS, idleMs: 50 })
  left.resume()
  right.resume()
  await done
})

test('what nobody reads waits at its sender, and arrives in the end', async () => {
  const { left, right, done } = await relayed()
  right.pause()
  const chunk = Buffer.alloc(1024 * 1024)
  const total = 64 * chunk.length
  for (let sent = 0; sent < total; sent += chunk.length) left.write(chunk)
  left.end()
  // The system's own buffers hold a few MiB.
  assert.ok(left.writableLength > total / 2)
  let received = 0
  for await (const piece of right) received += piece.length
  right.end()
  await done
  assert.equal(received, total)
})
