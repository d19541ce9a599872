// tcpSocket: the port takes a connection.

import { connect } from 'node:net'
import { connectionError } from './network-error.ts'
import { failure, type Outcome, success } from './outcome.ts'
import { hostPort } from './ports.ts'

export function checkTcp(host: string, port: number, timeoutMs: number): Promise<Outcome> {
  const address = hostPort(host, port)
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (outcome: Outcome) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(outcome)
    }
    const timer = setTimeout(() => end(failure(`dial tcp ${address}: i/o timeout`)), timeoutMs)
    socket.once('connect', () => end(success()))
    socket.on('error', (error) => end(failure(connectionError(error, address))))
  })
}
