// A container may answer a probe with anything, at any moment: the look ends in time with an outcome, and nothing else
// happens to the agent, which lives in one process with the cloud.

import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import type { Cri } from '../cri/cri.ts'
import { check, type ProbeSpec } from './check.ts'

const SEED = 99
const ROUNDS = 240
const random = seededRandom(SEED)

const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
const GOAWAY = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
const RST_STREAM = Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 2])
const HEADERS = Buffer.from([0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88])
const DATA = Buffer.from([0, 0, 7, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 8, 1])
const ANSWERS = [
  Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
  Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\nshort'),
  Buffer.from('HTTP/1.1 302 Found\r\nlocation: http://[bad\r\n\r\n'),
  Buffer.from('HTTP/1.1 302 Found\r\nlocation: ftp://x/\r\ncontent-length: 0\r\n\r\n'),
  Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
  Buffer.from('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  Buffer.from('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'),
  Buffer.concat([SETTINGS, GOAWAY]),
  Buffer.concat([SETTINGS, HEADERS, DATA]),
  Buffer.concat([SETTINGS, RST_STREAM, RST_STREAM]),
  Buffer.concat([SETTINGS, HEADERS, HEADERS, RST_STREAM, GOAWAY]),
  Buffer.from([0x16, 3, 3, 0, 2, 2, 40]),
  Buffer.alloc(0),
]

let server: Server
before(async () => {
  server = createServer((socket) => answer(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(() => server.close())

function answer(socket: Socket): void {
  socket.on('error', () => {})
  socket.on('data', () => {})
  const bytes = random.pick(ANSWERS)
  const end = random.pick([() => socket.end(), () => socket.resetAndDestroy(), () => socket.destroy()])
  const written = random.chance(0.5) ? mutateBytes(bytes, random) : bytes
  // Some before the request, some after it.
  if (random.chance(0.3)) socket.write(written, end)
  else socket.once('data', () => socket.write(written, end))
  socket.setTimeout(300, () => socket.destroy())
}

test(`whatever a container answers, a look ends with an outcome (seed ${SEED})`, {
  timeout: 60_000,
}, async () => {
  const { port } = server.address() as AddressInfo
  const probes: ProbeSpec[] = [
    { httpGet: { port } },
    { httpGet: { port, scheme: 'HTTPS' } },
    { grpc: { port } },
    { tcpSocket: { port } },
  ]
  const target = { container: { name: 'c', image: 'i' }, containerId: 'id', podIp: '127.0.0.1' }
  const noRuntime = {} as Cri
  for (let round = 0; round < ROUNDS; round += 8) {
    const looks = Array.from({ length: 8 }, () =>
      check(noRuntime, { ...random.pick(probes), timeoutSeconds: 2 }, target),
    )
    for (const { result, output } of await Promise.all(looks)) {
      assert.ok(['success', 'warning', 'failure'].includes(result), `${result}: ${output}`)
    }
  }
})
