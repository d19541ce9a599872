// What is done next for one wanted certificate. Pure: what is there and how far it has come -> the next step, of which
// each is short and may be repeated. A restart begins with what an Attempt remembers.

import { formatTime } from '@brume/base/clock'
import type { Plan } from '@brume/client/controller'
import { type Attempt, type Failure, newAttempt } from './attempt.ts'
import type { Shown } from './challenges.ts'
import { failureOf } from './explain.ts'
import { type IssuedCertificate, renewalOf, type SecretState, whyDue } from './issued.ts'
import type { Authorization, Challenge, Order } from './protocol/orders.ts'
import type { Advice } from './protocol/renewal-info.ts'
import type { Look } from './reach.ts'
import { type Asking, CERTIFICATE, PRECHECK, type Want } from './wants.ts'

export interface Observed {
  /** None: nobody wants it any more. */
  want: Want | undefined
  /** Who says yet how it stood with what they do not want any more. */
  left: readonly Asking[]
  /** URL of the CA's directory; none: no CA was named. */
  issuer: string | undefined
  secret: SecretState
  /** None: nothing was tried since the last success. */
  attempt: Attempt | undefined
  progress: Progress
  /** Of other certificates. */
  othersUnderWay: number
  ordersInLastHour: number
}

/** What this process knows of a certificate on its way; a restart begins with none of it. */
export interface Progress {
  /** Is answered for each host while the edge looks whether its own answers come back. */
  probe: string
  /** What the edge was told to answer. */
  shown: readonly Shown[]
  shownAt: number
  /** What came back; none: not looked at since. */
  look: Look | undefined
  order: Order | undefined
  readAt: number
  /** URLs of challenges that the CA was told to look at. */
  responded: readonly string[]
  /** Of the CA, about when to renew; none: not asked yet. */
  advice: Advice | undefined
  /** The last sentence that an Event was made of. */
  warned: string | undefined
}

export type Action =
  /** Nothing is under way any more. */
  | { type: 'rest' }
  | { type: 'show'; shown: readonly Shown[] }
  | { type: 'look'; shown: readonly Shown[]; outside: boolean }
  | { type: 'clear'; asking: Asking }
  | { type: 'advise'; id: string }
  | { type: 'say'; want: Want; sentence: string }
  | { type: 'warn'; want: Want; message: string }
  | AtCa

/** Each asks the CA something, and can be refused. */
export type AtCa = { want: Want; attempt: Attempt } /** `replaces`: the one that is held. */ & (
  | { type: 'order'; why: string; replaces: string | undefined }
  | { type: 'read'; url: string }
  | { type: 'respond'; challenges: readonly Challenge[] }
  | { type: 'finalize'; order: Order }
  | { type: 'store'; order: Order }
  | { type: 'fail'; failure: Failure }
)

/** Certificates on their way at once. */
export const MAX_UNDER_WAY = 5
/** Let's Encrypt's limit is 300 in three hours. */
export const MAX_ORDERS_AN_HOUR = 60
const ROOM_MS = 5000
const FULL_MS = 5 * 60_000
/** The edge reads its files anew well within that. */
const LOAD_LIMIT_MS = 20_000
const LOOK_AGAIN_MS = 300
const POLL_MS = 1000
const MAX_POLL_MS = 60_000
export const ORDER_LIMIT_MS = 3600_000
/** Clocks are set, and machines sleep: nobody waits for weeks. */
const MAX_WAIT_MS = 12 * 3600_000

export function decide(observed: Observed, now: number): Plan<Action> {
  const { want, issuer, secret } = observed
  if (want === undefined) {
    const clear = observed.left.map((asking): Action => ({ type: 'clear', asking }))
    return { actions: [{ type: 'rest' }, ...clear] }
  }
  const hindrance = hindranceOf(want, observed)
  if (hindrance !== undefined) return { actions: [...rested(observed), ...told(want, observed, hindrance)] }
  // Somebody else's, and nobody asked for one of ours.
  if (secret.type === 'foreign' || issuer === undefined) return { actions: rested(observed) }
  const held = secret.type === 'own' ? secret.certificate : undefined
  const { advice } = observed.progress
  const why = whyDue(want, held, { issuer, now, advice })
  if (why === undefined) return keep(held!, { observed, want, now })
  const attempt = sameHosts(observed.attempt, want) ?? newAttempt(want.hosts)
  if (attempt.retryAt > now) {
    const times = attempt.failures === 1 ? 'once' : `${attempt.failures} times`
    const also = held !== undefined && held.notAfter > now ? `${validity(held, advice)}; a new one ` : ''
    const sentence = `${also}failed ${times}, tried again from ${formatTime(attempt.retryAt)}: ${attempt.message}`
    return {
      actions: [{ type: 'say', want, sentence }],
      requeueAfterMs: Math.min(attempt.retryAt - now, MAX_WAIT_MS),
    }
  }
  const of = { observed, want, attempt, now }
  return attempt.order === undefined ? begin(of, why) : goOn(of, attempt.order)
}

/** Nothing is to be done but to ask the CA now and then whether it has to be sooner. */
function keep(held: IssuedCertificate, { observed, want, now }: Omit<Of, 'attempt'>): Plan<Action> {
  const { advice } = observed.progress
  const isAsked = advice?.id === held.id && advice !== undefined && advice.askAgainAt > now
  if (held.id !== undefined && !isAsked) return next({ type: 'advise', id: held.id })
  const again = held.id === undefined ? [] : [advice!.askAgainAt - now]
  return {
    actions: [...rested(observed), { type: 'say', want, sentence: validity(held, advice) }],
    requeueAfterMs: Math.min(renewalOf(held, advice) - now, ...again, MAX_WAIT_MS),
  }
}

interface Of {
  observed: Observed
  want: Want
  attempt: Attempt
  now: number
}

/** Until the CA is asked: the edge sees that its own answers come back. */
function begin(of: Of, why: string): Plan<Action> {
  const { want, attempt, observed } = of
  // One that is under way itself goes on: several that wait for each other would wait for ever.
  const isUnderWay = observed.progress.shown.length > 0
  if (!isUnderWay && observed.othersUnderWay >= MAX_UNDER_WAY) {
    return { actions: [], requeueAfterMs: ROOM_MS }
  }
  if (observed.ordersInLastHour >= MAX_ORDERS_AN_HOUR) {
    const sentence = `waits: ${MAX_ORDERS_AN_HOUR} certificates were ordered in the last hour`
    return { actions: [{ type: 'say', want, sentence }], requeueAfterMs: FULL_MS }
  }
  if (want.precheck) {
    const { probe } = observed.progress
    const probes = want.hosts.map((host) => ({ host, token: probe, answer: probe }))
    const unseen = seen(of, probes, true)
    if (unseen !== undefined) return unseen
    const [problem] = observed.progress.look?.problems ?? []
    if (problem !== undefined) {
      const message = `${problem}. Nobody was asked for a certificate yet; if it only looks so from this machine: annotation ${PRECHECK}=off`
      return next({ type: 'fail', want, attempt, failure: { kind: 'precheck', message } })
    }
  }
  const { secret, issuer } = observed
  const held = secret.type === 'own' ? secret.certificate : undefined
  const isNext = held?.issuer === issuer && want.hosts.some((host) => held?.names.includes(host))
  return next({ type: 'order', want, attempt, why, replaces: isNext ? held?.id : undefined })
}

function goOn(of: Of, { url, startedAt }: NonNullable<Attempt['order']>): Plan<Action> {
  const { want, attempt, observed, now } = of
  const { order } = observed.progress
  const isOld = now - startedAt > ORDER_LIMIT_MS
  // Of an earlier life: nobody's fault.
  if (order === undefined && isOld)
    return begin({ ...of, attempt: newAttempt(want.hosts) }, 'the last order is old')
  if (order === undefined) return next({ type: 'read', want, attempt, url })
  switch (order.status) {
    case 'invalid':
      return failed(of, refusalOf(order))
    case 'valid':
      return next({ type: 'store', want, attempt, order })
    case 'ready':
      return next({ type: 'finalize', want, attempt, order })
    default:
      if (isOld) return failed(of, { kind: 'refused', message: 'the CA has not finished within an hour' })
      return order.status === 'pending' ? prove(of, order, url) : readLater(of, order, url)
  }
}

/** What the CA wants to see is answered, looked at by ourselves, and only then told to the CA. */
function prove(of: Of, order: Order, url: string): Plan<Action> {
  const { want, attempt } = of
  const open = order.authorizations.filter(({ status }) => status === 'pending')
  const without = open.find(({ challenge }) => challenge === undefined)
  if (without !== undefined) {
    const message = `${without.host}: the CA does not offer a proof over HTTP (http-01); use another CA`
    return failed(of, { kind: 'refused', message })
  }
  const challenges = open.map(({ challenge }) => challenge!)
  const shown = open.map(({ host, challenge }) => ({
    host,
    token: challenge!.token,
    answer: challenge!.answer,
  }))
  const unseen = seen(of, shown, false)
  if (unseen !== undefined) return unseen
  const { responded } = of.observed.progress
  const untold = challenges.filter((one) => one.status === 'pending' && !responded.includes(one.url))
  return untold.length > 0
    ? next({ type: 'respond', want, attempt, challenges: untold })
    : readLater(of, order, url)
}

function readLater(
  { observed, want, attempt, now }: Of,
  { pollAfterMs = POLL_MS }: Order,
  url: string,
): Plan<Action> {
  const at = observed.progress.readAt + Math.min(Math.max(pollAfterMs, POLL_MS), MAX_POLL_MS)
  return at > now ? { actions: [], requeueAfterMs: at - now } : next({ type: 'read', want, attempt, url })
}

/** The step until this edge itself answers with `shown`; undefined: it does. */
function seen(of: Of, shown: readonly Shown[], outside: boolean): Plan<Action> | undefined {
  const { progress } = of.observed
  if (JSON.stringify(progress.shown) !== JSON.stringify(shown)) return next({ type: 'show', shown })
  if (progress.look === undefined) return next({ type: 'look', shown, outside })
  if (progress.look.unanswered === undefined) return undefined
  if (of.now - progress.shownAt > LOAD_LIMIT_MS) {
    const message = `the edge does not answer the proof itself: ${progress.look.unanswered}; ./brume logs says why`
    return failed(of, { kind: 'precheck', message })
  }
  return { actions: [{ type: 'look', shown, outside }], requeueAfterMs: LOOK_AGAIN_MS }
}

function hindranceOf(want: Want, { issuer, secret }: Observed): string | undefined {
  if (!want.explicit) return undefined
  if (want.problem !== undefined) return want.problem
  if (secret.type === 'foreign') {
    return `Secret ${want.secret} is somebody else's and is left alone: name another one, delete it, or remove the annotation ${CERTIFICATE}`
  }
  if (issuer !== undefined) return undefined
  return 'this cloud has no account at a CA: ./brume up --acme-email YOU@EXAMPLE.ORG'
}

function told(want: Want, { progress }: Observed, sentence: string): Action[] {
  const say: Action = { type: 'say', want, sentence }
  return progress.warned === sentence ? [say] : [say, { type: 'warn', want, message: sentence }]
}

function rested({ attempt, progress }: Observed): Action[] {
  const isResting = attempt === undefined && progress.shown.length === 0 && progress.order === undefined
  return isResting ? [] : [{ type: 'rest' }]
}

function refusalOf(order: Order): Failure {
  const failing = order.authorizations.find(({ challenge }) => challenge?.error !== undefined)
  const error = failing?.challenge?.error ?? order.error
  if (error !== undefined) return failureOf(error, failing?.host)
  const lost = order.authorizations.find(({ status }: Authorization) => status === 'invalid')?.host
  return { kind: 'refused', message: `${lost ?? 'the order'} was refused without a reason` }
}

function failed({ want, attempt }: Of, failure: Failure): Plan<Action> {
  return next({ type: 'fail', want, attempt, failure })
}

/** One step, and then another look at once. */
function next(action: Action): Plan<Action> {
  return { actions: [action], requeueAfterMs: 0 }
}

function sameHosts(attempt: Attempt | undefined, { hosts }: Want): Attempt | undefined {
  return attempt !== undefined && attempt.hosts.join() === hosts.join() ? attempt : undefined
}

function validity(held: IssuedCertificate, advice: Advice | undefined): string {
  const page = advice !== undefined && advice.id === held.id ? advice.why : ''
  const why = page === '' ? '' : ` as the CA advises: ${page}`
  return `valid until ${formatTime(held.notAfter)}, renewed from ${formatTime(renewalOf(held, advice))}${why}`
}
