// Events (core/v1) about objects: the sentences that `kubectl describe` shows. The same sentence about the same object
// is counted up rather than repeated.

import type { KubeObject } from '@brume/api/object'
import { type Clock, formatTime } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { EVENTS } from './builtin.ts'
import type { Client } from './client.ts'

export interface EventSubject {
  apiVersion: string
  kind: string
  metadata: { namespace?: string; name?: string; uid?: string; resourceVersion?: string }
  /** Of what in it: spec.containers{web}. */
  fieldPath?: string
}

export interface EventText {
  type: 'Normal' | 'Warning'
  /** CamelCase, for machines. */
  reason: string
  message: string
}

export interface EventRecorderOptions {
  client: Client
  /** Who says it, e.g. `garbage-collector-controller`. */
  component: string
  clock: Clock
  logger: Logger
}

/** Sentences whose Event is remembered, so that it can be counted up. */
const MAX_REMEMBERED = 1000
const MAX_MESSAGE = 1024

export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #remembered = new Map<string, { name: string; count: number }>()

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  /** Never throws: an Event that cannot be written is logged. Cluster-scoped objects' Events go to `default`. */
  async record(subject: EventSubject, text: EventText): Promise<void> {
    try {
      await this.#write(subject, text)
    } catch (error) {
      this.#options.logger.warn('an event was not written', {
        object: `${subject.kind} ${subject.metadata.namespace ?? ''}/${subject.metadata.name}`,
        reason: text.reason,
        error: String(error),
      })
    }
  }

  async #write(subject: EventSubject, { type, reason, message }: EventText): Promise<void> {
    const { client, clock, component } = this.#options
    const { uid, name = '', namespace, resourceVersion } = subject.metadata
    const at = namespace === undefined || namespace === '' ? 'default' : namespace
    const now = formatTime(clock.now())
    const { fieldPath } = subject
    const id = JSON.stringify([subject.kind, at, name, uid, fieldPath, type, reason, message])
    const events = client.resource(EVENTS)
    const known = this.#remembered.get(id)
    if (known !== undefined) {
      known.count++
      const body = { count: known.count, lastTimestamp: now }
      try {
        await events.patch({ namespace: at, name: known.name }, { type: 'merge', body })
        return
      } catch (error) {
        // It has expired: say it anew.
        if (!isGone(error)) throw error
      }
    }
    const event: KubeObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${uniqueSuffix(clock.now())}`, namespace: at },
      involvedObject: {
        apiVersion: subject.apiVersion,
        kind: subject.kind,
        name,
        namespace,
        uid,
        resourceVersion,
        fieldPath,
      },
      type,
      reason,
      message: message.slice(0, MAX_MESSAGE),
      source: { component },
      reportingComponent: component,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    }
    await events.create(event)
    this.#remember(id, event.metadata.name!)
  }

  #remember(id: string, name: string): void {
    this.#remembered.set(id, { name, count: 1 })
    if (this.#remembered.size <= MAX_REMEMBERED) return
    const oldest = this.#remembered.keys().next().value
    if (oldest !== undefined) this.#remembered.delete(oldest)
  }
}

let sequence = 0

/** Distinct within a process, and between processes as far as their clocks differ in the microsecond (as client-go). */
function uniqueSuffix(now: number): string {
  sequence = (sequence + 1) % 1_000_000
  return (BigInt(now) * 1_000_000n + BigInt(sequence)).toString(16)
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 'NotFound'
}
