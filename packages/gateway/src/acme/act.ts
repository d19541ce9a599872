// One step towards a certificate, done: at the edge, at the CA, in the API. What the CA refuses becomes an Attempt that
// waits; what the API refuses is thrown, and tried again by the driver.

import { randomBytes } from 'node:crypto'
import type { Clock } from '@brume/base/clock'
import { SECRETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { EventRecorder } from '@brume/client/event-recorder'
import { type Attempt, afterFailure, type Failure } from './attempt.ts'
import type { Challenges, Shown } from './challenges.ts'
import type { Action, AtCa, Progress } from './decide.ts'
import { failureOf } from './explain.ts'
import { checkedChain, secretState, secretWith } from './issued.ts'
import { AcmeError } from './protocol/error.ts'
import { finalize, newOrder, readCertificate, readOrder, respond } from './protocol/orders.ts'
import { adviceOf } from './protocol/renewal-info.ts'
import type { AcmeSession } from './protocol/session.ts'
import { lookAt, type ReachOptions } from './reach.ts'
import { type Attempts, newPrivateKey } from './records.ts'
import { secretOf } from './secret-of.ts'
import type { Asking, Want } from './wants.ts'

export interface Acting {
  client: Client
  clock: Clock
  events: EventRecorder
  attempts: Attempts
  challenges: Challenges
  reach: ReachOptions
  /** URL of the directory. */
  issuer: string | undefined
  session(): Promise<AcmeSession>
  /** A request for these hosts in PEM, signed with the key (PEM). */
  certificateRequest(privateKeyPem: string, hosts: readonly string[]): string
  say(want: Want, sentence: string): Promise<void>
  clear(asking: Asking): Promise<void>
  /** Counts an order. */
  ordered(): void
}

interface On {
  acting: Acting
  key: string
  progress: Progress
}

export function newProgress(): Progress {
  return {
    probe: randomBytes(16).toString('base64url'),
    shown: [],
    shownAt: 0,
    look: undefined,
    order: undefined,
    readAt: 0,
    responded: [],
    advice: undefined,
    warned: undefined,
  }
}

/** Changes `progress` by what was done. */
export async function act(on: On, action: Action): Promise<void> {
  const { acting, key, progress } = on
  switch (action.type) {
    case 'rest':
      rest(on)
      return acting.attempts.remove(key)
    case 'show':
      return show(on, action.shown)
    case 'clear':
      return acting.clear(action.asking)
    case 'look':
      progress.look = await lookAt(action.shown, { outside: action.outside, reach: acting.reach })
      return
    case 'advise':
      progress.advice = await adviceOf(await acting.session(), action.id, acting.clock)
      return
    case 'say':
      return acting.say(action.want, action.sentence)
    case 'warn':
      progress.warned = action.message
      return tell(acting, action.want, { type: 'Warning', reason: 'NoCertificate', message: action.message })
    default:
      try {
        await ask(on, action)
      } catch (error) {
        if (!(error instanceof AcmeError)) throw error
        await fail(on, action, failureOf(error))
      }
  }
}

async function ask(on: On, action: AtCa): Promise<void> {
  const { acting, key, progress } = on
  const { attempt, want } = action
  if (action.type === 'fail') return fail(on, action, action.failure)
  const session = await acting.session()
  switch (action.type) {
    case 'order': {
      acting.ordered()
      const url = await newOrder(session, want.hosts, action.replaces)
      const order = { url, privateKeyPem: newPrivateKey(), startedAt: acting.clock.now() }
      await acting.attempts.set(key, { ...attempt, order })
      const message = `a certificate for ${want.hosts.join(', ')} is ordered of ${acting.issuer}: ${action.why}`
      await tell(acting, want, { type: 'Normal', reason: 'CertificateOrdered', message })
      return acting.say(want, `ordered of ${acting.issuer}`)
    }
    case 'read':
      progress.order = await readOrder(session, action.url, acting.clock)
      progress.readAt = acting.clock.now()
      return
    case 'respond':
      for (const challenge of action.challenges) {
        await respond(session, challenge)
        progress.responded = [...progress.responded, challenge.url]
      }
      return
    case 'finalize':
      await finalize(session, action.order, acting.certificateRequest(keyOfAttempt(attempt), want.hosts))
      progress.order = undefined
      return
    case 'store':
      return store(on, action, await readCertificate(session, action.order))
  }
}

/** A Secret that somebody made or changed in the meantime is a conflict, and looked at again. */
async function store(on: On, { want, attempt }: AtCa, text: string): Promise<void> {
  const { acting, key } = on
  const privateKey = keyOfAttempt(attempt)
  const chain = checkedChain(text, privateKey, want.hosts)
  const known = await secretOf(acting.client, want)
  if (secretState(known).type === 'foreign') return rest(on)
  const content = { chain, key: privateKey, issuer: acting.issuer ?? '' }
  const secret = secretWith(want, content, known)
  const secrets = acting.client.resource(SECRETS)
  await (known === undefined ? secrets.create(secret) : secrets.update(secret))
  rest(on)
  await acting.attempts.remove(key)
  const message = `the certificate for ${want.hosts.join(', ')} is in Secret ${want.secret}`
  await tell(acting, want, { type: 'Normal', reason: 'CertificateIssued', message })
}

async function fail(
  on: On,
  { want, attempt }: { want: Want; attempt: Attempt },
  failure: Failure,
): Promise<void> {
  const { acting, key } = on
  rest(on)
  await acting.attempts.set(key, afterFailure(attempt, failure, acting.clock.now()))
  const message = `no certificate for ${want.hosts.join(', ')}: ${failure.message}`
  await tell(acting, want, { type: 'Warning', reason: 'CertificateFailed', message })
}

function show({ acting, key, progress }: On, shown: readonly Shown[]): void {
  acting.challenges.show(key, shown)
  Object.assign(progress, { shown, shownAt: acting.clock.now(), look: undefined })
}

function rest(on: On): void {
  show(on, [])
  Object.assign(on.progress, { order: undefined, readAt: 0, responded: [] })
}

async function tell(
  { events }: Acting,
  want: Want,
  event: { type: 'Normal' | 'Warning'; reason: string; message: string },
): Promise<void> {
  for (const { owner } of want.owners) await events.record(owner, event)
}

function keyOfAttempt({ order }: Attempt): string {
  if (order === undefined) throw new AcmeError('malformed', 'the key of the order is lost')
  return order.privateKeyPem
}
