// A connection as bad as connections get: calls come late, twice or not at all, answers are lost, bodies are cut, split
// anywhere and slow. What arrives of one body arrives in order, as TCP sees to.

import type { SeededRandom } from '@brume/base/seeded-random'
import {
  readAll,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@brume/client/transport'
import type { SimClock } from './sim-clock.ts'

/** Probabilities, and how late things are. Changed while it runs: `calm` ends all faults. */
export interface Weather {
  loseRequest: number
  loseAnswer: number
  duplicate: number
  /** Of each chunk of a body. */
  cut: number
  /** A cut that looks like a proper end. */
  endEarly: number
  split: number
  maxDelayMs: number
  /** Of a call that is very late. */
  stall: number
  stallMs: number
}

export const CALM: Readonly<Weather> = {
  loseRequest: 0,
  loseAnswer: 0,
  duplicate: 0,
  cut: 0,
  endEarly: 0,
  split: 0,
  maxDelayMs: 0,
  stall: 0,
  stallMs: 0,
}

/** Weather of one run: each fault rare, common or absent. */
export function randomWeather(random: SeededRandom): Weather {
  const chance = () => random.pick([0, 0.02, 0.1, 0.3])
  return {
    loseRequest: chance(),
    loseAnswer: chance(),
    duplicate: chance(),
    cut: chance(),
    endEarly: chance(),
    split: chance(),
    maxDelayMs: random.pick([0, 20, 300]),
    stall: random.pick([0, 0.05]),
    stallMs: 20_000,
  }
}

export class FaultyTransport implements Transport {
  readonly #inner: Transport
  readonly #clock: SimClock
  readonly #random: SeededRandom
  readonly #weather: Weather

  constructor(options: { inner: Transport; clock: SimClock; random: SeededRandom; weather: Weather }) {
    this.#inner = options.inner
    this.#clock = options.clock
    this.#random = options.random
    this.#weather = options.weather
  }

  /** Who aborts a call stops waiting at once; a call that is on its way still arrives. */
  request(request: TransportRequest): Promise<TransportResponse> {
    return abortable(this.#deliver(request), request.signal)
  }

  async #deliver(request: TransportRequest): Promise<TransportResponse> {
    const weather = this.#weather
    await this.#pass()
    if (this.#happens(weather.loseRequest)) throw lost('the request')
    const isWatch = request.query instanceof URLSearchParams && request.query.get('watch') === 'true'
    const { signal, ...call } = request
    const sent = isWatch ? request : call
    const twice = !isWatch && this.#happens(weather.duplicate)
    const [first, second] = await Promise.all([
      this.#inner.request(sent),
      twice ? this.#inner.request(sent) : undefined,
    ])
    const response = second !== undefined && this.#happens(0.5) ? second : first
    await this.#pass()
    if (signal?.aborted || this.#happens(weather.loseAnswer)) {
      await discard(response)
      throw lost('the answer')
    }
    const body = this.#damaged(response, signal)
    return { status: response.status, headers: response.headers, body, buffer: () => readAll(body) }
  }

  close(): void {}

  async *#damaged(response: TransportResponse, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    for await (const chunk of response.body) {
      await abortable(this.#pass(), signal)
      const weather = this.#weather
      const at = this.#random.below(chunk.length + 1)
      if (this.#happens(weather.cut)) {
        if (at > 0) yield chunk.subarray(0, at)
        throw lost('the body')
      }
      if (this.#happens(weather.endEarly)) {
        // A watch may end at any event; a list that ends early has a length that tells.
        if (response.headers['content-length'] !== undefined) throw lost('the body')
        yield chunk.subarray(0, chunk.lastIndexOf(10, at) + 1)
        return
      }
      if (this.#happens(weather.split) && at > 0 && at < chunk.length) {
        yield chunk.subarray(0, at)
        await abortable(this.#pass(), signal)
        yield chunk.subarray(at)
      } else yield chunk
    }
  }

  #happens(probability: number): boolean {
    return this.#random.next() < probability
  }

  async #pass(): Promise<void> {
    const { maxDelayMs, stall, stallMs } = this.#weather
    const delayMs = this.#happens(stall) ? stallMs : maxDelayMs * this.#random.next()
    if (delayMs > 0) await this.#clock.sleep(delayMs)
  }
}

/** Rejects with the signal's reason as soon as it is aborted; what the promise comes to then is nobody's. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** An answer that nobody gets still holds its watch until it is closed. */
async function discard(response: TransportResponse): Promise<void> {
  await response.body[Symbol.asyncIterator]().return?.()
}

const lost = (what: string) => new TransportError('ConnectionLost', `${what} was lost (simulated)`)
