// Certificates by ACME (RFC 8555): for each Secret that somebody wants one in, the next step is observed, decided and
// done, one key a Secret. Nobody at a CA is talked to before somebody wants one.

import type { LookupFunction } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, defineController, type Enqueue, type Source } from '@brume/client/controller'
import type { EventRecorder } from '@brume/client/event-recorder'
import type { Informer } from '@brume/client/informer'
import { keyOf, parseKey } from '@brume/client/resource-ref'
import { act, newProgress } from './act.ts'
import type { Askings } from './askings.ts'
import type { Challenges } from './challenges.ts'
import { type Action, decide, type Observed, type Progress } from './decide.ts'
import { secretState } from './issued.ts'
import { accountKey, type ExternalAccount } from './protocol/jws.ts'
import { AcmeSession } from './protocol/session.ts'
import { Attempts, accountKeyAt } from './records.ts'
import { secretOf } from './secret-of.ts'
import { hasLeft, Standing } from './standing.ts'
import { type Asking, annotationProblem, type Want, wantsOf } from './wants.ts'

export interface AcmeSettings {
  /** Of the account; who gives it accepts the CA's terms of service. */
  email: string
  /** URL of the CA's directory. */
  directory: string
  /** PEM of the CAs that the directory's own certificate is trusted by, besides public ones. */
  ca: string | undefined
  externalAccount: ExternalAccount | undefined
  /** Also for hosts that nobody asked for. */
  all: boolean
}

/** What the edge is given for it from outside. */
export interface AcmeParts {
  /** None: who asks is told how to have them. */
  settings: AcmeSettings | undefined
  /** A request for these hosts in PEM, signed with the key (PEM). */
  certificateRequest(privateKeyPem: string, hosts: readonly string[]): string
  /** Where the CA asks for proofs; 80, but for those of tests. */
  publicPort?: number
  /** How names are looked up before the CA is asked; default: as this machine does. */
  lookup?: LookupFunction
}

export interface AcmeOptions {
  client: Client
  clock: Clock
  logger: Logger
  events: EventRecorder
  /** Of the type kubernetes.io/tls. */
  secrets: Informer
  /** Where the edge listens for plain HTTP. */
  httpPort: number
  askings: Askings
  challenges: Challenges
  parts: AcmeParts
}

export interface Acme {
  spec: ControllerSpec
  /** By namespace/secret, as of now. */
  wants(): ReadonlyMap<string, Want>
  /** Nobody at a CA is waited for any longer. To be called before the controller is stopped. */
  letGo(): void
}

const GATHER_MS = 100
const HOUR_MS = 3600_000
const HTTP_PORT = 80
const LOAD_AGAIN_MS = 5000

export function acme(options: AcmeOptions): Acme {
  const { client, clock, logger, events, askings, secrets, challenges, httpPort } = options
  const { settings, certificateRequest, publicPort = HTTP_PORT, lookup } = options.parts
  const attempts = new Attempts(client)
  const standing = new Standing(client)
  const progress = new Map<string, Progress>()
  const warned = new Set<string>()
  let wants = new Map<string, Want>()
  let orderedAt: number[] = []
  let session: Promise<AcmeSession> | undefined

  let ended = false
  const openSession = (): Promise<AcmeSession> => {
    if (ended) throw new Error('the edge is ending: the CA is not asked any more')
    session ??= makeSession(client, clock, settings!).catch((error) => {
      session = undefined
      throw error
    })
    return session
  }
  const acting = {
    client,
    clock,
    events,
    attempts,
    challenges,
    reach: { edgePort: httpPort, publicPort, ...(lookup === undefined ? {} : { lookup }) },
    issuer: settings?.directory,
    session: openSession,
    certificateRequest,
    say: (want: Want, sentence: string) => standing.say(wants, want, sentence),
    clear: (asking: Asking) => standing.clear(asking),
    ordered: () => {
      orderedAt = [...orderedAt, clock.now()]
    },
  }
  const progressOf = (key: string) => {
    const known = progress.get(key) ?? newProgress()
    progress.set(key, known)
    return known
  }

  const wantsNow = () => wantsOf(askings.list(), { all: settings?.all === true })

  /** Reads who asks; gives the keys of which something is different now. */
  function readWants(): string[] {
    for (const asking of askings.list()) warnOf(asking)
    const before = wants
    wants = wantsNow()
    const keys = new Set([...before.keys(), ...wants.keys()])
    return [...keys].filter((key) => essence(before.get(key)) !== essence(wants.get(key)))
  }

  function warnOf(asking: Asking): void {
    const message = annotationProblem(asking)
    const id = `${asking.owner.metadata.uid} ${message}`
    if (message === undefined || warned.has(id)) return
    warned.add(id)
    void events.record(asking.owner, { type: 'Warning', reason: 'InvalidAnnotation', message })
  }

  let readAgain = () => {}
  let takeUp = () => {}
  const source: Source = {
    start(enqueue: Enqueue) {
      let gathering = false
      readAgain = () => {
        for (const key of readWants()) enqueue(key)
      }
      const touch = () => {
        if (gathering) return
        gathering = true
        clock.after(GATHER_MS, () => {
          gathering = false
          readAgain()
        })
      }
      const changed = (secret: KubeObject) => {
        if (wants.has(keyOf(secret))) enqueue(keyOf(secret))
      }
      // Whom a new start of the queue has forgotten, and of whom nobody wants anything any more.
      takeUp = () => {
        for (const key of [...wants.keys(), ...attempts.keys()]) enqueue(key)
      }
      takeUp()
      const stops = [
        askings.onChange(touch),
        secrets.addHandler({ add: changed, update: changed, delete: changed }),
      ]
      touch()
      return () => {
        for (const stop of stops) stop()
      }
    },
    // Nobody is decided about before it is known who asks: what is wanted by nobody is forgotten.
    async synced() {
      await askings.synced()
      await loadUntilRead(attempts, { clock, logger, ended: () => ended })
      readAgain()
      takeUp()
    },
  }

  const spec = defineController<Observed & { key: string }, Action & { key: string }>({
    name: 'acme',
    workers: 3,
    sources: [source],
    rateLimit: { baseMs: 1000, maxMs: 300_000 },
    async observe(key) {
      const now = clock.now()
      orderedAt = orderedAt.filter((at) => at > now - HOUR_MS)
      const want = wants.get(key)
      const found = secrets.store.get(parseKey(key).namespace, parseKey(key).name)
      // One of another type is not among those that are watched.
      const secret = want === undefined ? undefined : (found ?? (await secretOf(client, want)))
      return {
        key,
        want,
        left: want === undefined ? askings.list().filter((asking) => hasLeft(wants, asking)) : [],
        issuer: settings?.directory,
        secret: secretState(secret),
        attempt: attempts.get(key),
        progress: progressOf(key),
        othersUnderWay: [...progress].filter(([other, { shown }]) => other !== key && shown.length > 0)
          .length,
        ordersInLastHour: orderedAt.length,
      }
    },
    decide(observed, now) {
      const { actions, ...rest } = decide(observed, now)
      return { ...rest, actions: actions.map((action) => ({ ...action, key: observed.key })) }
    },
    async act({ key, ...action }) {
      await act({ acting, key, progress: progressOf(key) }, action as Action)
    },
    settled(key, { want }) {
      if (want !== undefined) return
      progress.delete(key)
      standing.forget(key)
    },
  })
  return {
    spec,
    wants: wantsNow,
    letGo() {
      ended = true
      void session?.then((open) => open.close()).catch(() => {})
    },
  }
}

async function makeSession(client: Client, clock: Clock, settings: AcmeSettings): Promise<AcmeSession> {
  const key = accountKey(await accountKeyAt(client, settings.directory))
  return new AcmeSession({ ...settings, key, clock })
}

/** Without them an order would be made twice: nothing begins before, and the edge goes on without it. */
async function loadUntilRead(
  attempts: Attempts,
  { clock, logger, ended }: { clock: Clock; logger: Logger; ended(): boolean },
): Promise<void> {
  while (!ended()) {
    try {
      return await attempts.load()
    } catch (error) {
      logger.warn('orders of certificates could not be read, trying again', { error: String(error) })
      await new Promise<void>((resolve) => clock.after(LOAD_AGAIN_MS, resolve))
    }
  }
}

/** What of a want makes a difference; the objects themselves change with each word that is said on them. */
function essence(want: Want | undefined): string {
  if (want === undefined) return ''
  const { owners, ...rest } = want
  return JSON.stringify([rest, owners.map(({ owner }) => owner.metadata.uid)])
}
