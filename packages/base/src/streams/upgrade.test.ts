import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { askUpgrade, readText, switchingHead } from './upgrade.ts'

let server: Server
before(async () => {
  server = createServer((message, response) => {
    if (message.url === '/never') return
    response.writeHead(403).end('x'.repeat(100_000))
  })
  server.on('upgrade', ({ url }, socket) => {
    if (url === '/never') return
    if (url === '/cut') return socket.destroy()
    if (url === '/plain') return socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno')
    socket.write(`${switchingHead({ connection: ['Upgrade'], upgrade: ['x'], 'x-many': ['a', 'b'] })}early`)
    socket.on('data', (chunk) => socket.write(`echo ${chunk}`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => {
  server.closeAllConnections()
  server.close()
})

function ask(path: string, headers: Record<string, string> = { connection: 'Upgrade', upgrade: 'x' }) {
  const { port } = server.address() as AddressInfo
  return askUpgrade(request({ host: '127.0.0.1', port, path, headers, agent: false }), 500)
}

test('a changed protocol gives the connection, the headers and what came early', async () => {
  const answer = await ask('/')
  assert.ok(answer.upgraded)
  assert.deepEqual(answer.message.headersDistinct['x-many'], ['a', 'b'])
  let text = answer.head.toString()
  answer.socket.on('data', (chunk) => {
    text += chunk
  })
  answer.socket.write('hello')
  while (text !== 'earlyecho hello') await once(answer.socket, 'data')
  answer.socket.destroy()
})

test('a plain answer is one, and is read as far as a person would', async () => {
  const refused = await ask('/plain')
  assert.ok(!refused.upgraded)
  assert.deepEqual([refused.message.statusCode, await readText(refused.message, 100)], [404, 'no'])
  const plain = await ask('/', {})
  assert.ok(!plain.upgraded)
  assert.equal((await readText(plain.message, 10)).length, 10)
})

test('no answer in time, and a connection that is cut, are errors', async () => {
  await assert.rejects(ask('/never'), /no answer within 500 ms/)
  await assert.rejects(ask('/cut'), /socket hang up/)
})
