// How many connections have been handed over to streams (exec, attach, port-forward, upgrades through proxies): each
// holds a connection to its client, one to a node, and a process there. Beyond the limit clients are told to come back.

import type { Socket } from 'node:net'
import { tooManyRequests } from '@brume/base/errors'
import type { ApiResponse } from './types.ts'

const MAX_STREAMS = 2000
const RETRY_SECONDS = 5

export class OpenStreams {
  readonly #limit: number
  count = 0

  constructor(limit = MAX_STREAMS) {
    this.#limit = limit
  }

  /** Counts from the asking until the stream is closed, or the answer is a plain one. Throws TooManyRequests. */
  async hold(answer: () => Promise<ApiResponse>): Promise<ApiResponse> {
    if (this.count >= this.#limit) {
      throw tooManyRequests('too many streams to containers are open', RETRY_SECONDS)
    }
    this.count++
    let isHandedOver = false
    try {
      const response = await answer()
      const { takeover } = response
      if (takeover === undefined) return response
      isHandedOver = true
      return { ...response, takeover: (socket, head) => this.#follow(socket, () => takeover(socket, head)) }
    } finally {
      if (!isHandedOver) this.count--
    }
  }

  #follow(socket: Socket, takeover: () => void): void {
    if (socket.destroyed) this.count--
    else socket.once('close', () => this.count--)
    takeover()
  }
}
