// A program that runs in a network namespace and stands for a pod or a machine there: it listens, greets whoever comes with
// the address that it sees, and asks others when its standard input tells it to. A child process; see talkers.ts.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { encode } from 'dns-packet'
import type { Asking, Protocol } from './talkers.ts'

const [name = '', tcpPorts = '', udpPorts = ''] = process.argv.slice(2)
const numbers = (text: string) => text.split(',').filter(Boolean).map(Number)

for (const port of numbers(tcpPorts)) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(`${name} sees ${socket.remoteAddress}`)
  })
  server.listen(port, '0.0.0.0')
  await once(server, 'listening')
}
for (const port of numbers(udpPorts)) {
  const socket = createSocket('udp4')
  socket.on('message', (_, from) => socket.send(`${name} sees ${from.address}`, from.port, from.address))
  socket.bind(port, '0.0.0.0')
  await once(socket, 'listening')
}
process.stdout.write('ready\n')

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, ...asking } = JSON.parse(line) as Asking & { id: number }
  void ASK[asking.protocol](asking).then((heard) =>
    process.stdout.write(`${JSON.stringify({ id, heard })}\n`),
  )
})

/** Names are served at this port: who listens there answers nothing but questions. */
const NAMES_PORT = 53
const QUESTION = encode({
  type: 'query',
  id: 1,
  questions: [{ type: 'A', name: 'kubernetes.default.svc.cluster.local' }],
})

/** A greeting, `refused`, `nothing` at the limit, or the code of another error. */
const ASK: Record<Protocol, (asking: Asking) => Promise<string>> = {
  tcp: ({ host, port, limitMs }) => {
    const socket = connect({ host, port })
    return new Promise<string>((resolve) => {
      setTimeout(() => resolve('nothing'), limitMs).unref()
      socket.on('data', (text) => resolve(String(text)))
      socket.on('error', (error) => resolve(codeOf(error)))
      socket.on('close', () => resolve('closed'))
    }).finally(() => socket.destroy())
  },
  udp: ({ host, port, limitMs, sourcePort }) => {
    const socket = createSocket('udp4')
    return new Promise<string>((resolve) => {
      setTimeout(() => resolve('nothing'), limitMs).unref()
      socket.on('message', (text) => resolve(port === NAMES_PORT ? 'names sees somebody' : String(text)))
      socket.on('error', (error) => resolve(codeOf(error)))
      socket.bind(sourcePort ?? 0, () =>
        socket.connect(port, host, () => socket.send(port === NAMES_PORT ? QUESTION : '?')),
      )
    }).finally(() => socket.close())
  },
}

function codeOf(error: Error): string {
  const { code = error.message } = error as { code?: string }
  return code === 'ECONNREFUSED' ? 'refused' : code
}
