// A watch that remembers what it saw, so that a test waits for an event instead of for a time.

import { errorOfAnswer } from '@brume/client/status'
import { readAll, type Transport } from '@brume/client/transport'
import { watchEvents } from '@brume/client/watch-stream'
import { eventually } from '@brume/testkit/eventually'
import type { Json } from './api.ts'

export interface SeenEvent {
  type: string
  object: Json
}

export interface OpenWatch {
  /** In the order they came. */
  readonly events: readonly SeenEvent[]
  /** What ended the watch: an error, or true for an orderly end; undefined while it is open. */
  readonly ended: unknown
  /** The first event that matches among those seen and those to come. */
  saw(what: string, match: (event: SeenEvent) => boolean): Promise<SeenEvent>
  /** Resolves once at least so many events were seen. */
  count(amount: number): Promise<readonly SeenEvent[]>
  /** Resolves when the server ended it. */
  end(): Promise<void>
  stop(): void
}

export function openWatch(transport: Transport, path: string, query: Record<string, string> = {}): OpenWatch {
  const events: SeenEvent[] = []
  const abort = new AbortController()
  let ended: unknown
  const read = async () => {
    const response = await transport.request({
      method: 'GET',
      path,
      query: { ...query, watch: 'true' },
      headers: { accept: 'application/json' },
      signal: abort.signal,
    })
    if (response.status >= 400) throw errorOfAnswer(response.status, await readAll(response.body), path)
    for await (const batch of watchEvents(response)) events.push(...batch)
    ended = true
  }
  read().catch((error: Error) => {
    ended = error
  })
  const until = async <T>(what: string, probe: () => T | undefined): Promise<T> => {
    const found = await eventually(`${what} on the watch of ${path}`, () => {
      const value = probe()
      if (value !== undefined) return { value }
      return ended === undefined ? undefined : { value: undefined }
    })
    if (found.value !== undefined) return found.value
    if (ended instanceof Error) throw ended
    throw new Error(`the watch of ${path} ended before: ${what}`)
  }
  return {
    events,
    get ended() {
      return ended
    },
    saw: (what, match) => until(what, () => events.find(match)),
    count: (amount) => until(`${amount} events`, () => (events.length >= amount ? events : undefined)),
    end: async () => {
      await until('the end', () => ended)
    },
    stop: () => abort.abort(),
  }
}
