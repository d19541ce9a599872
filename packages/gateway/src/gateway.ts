// The HTTP edge: keeps HAProxy in step with what its sources want, with Services, endpoints and certificates. Nothing
// listens while no source has an object.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { ENDPOINT_SLICES, SECRETS, SERVICES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, defineController, type Enqueue, type Source } from '@brume/client/controller'
import type { EventRecorder } from '@brume/client/event-recorder'
import { Informer } from '@brume/client/informer'
import type { ResourceRef } from '@brume/client/resource-ref'
import { SlicesByService } from '@brume/client/slices-by-service'
import { Askings } from './acme/askings.ts'
import { Challenges } from './acme/challenges.ts'
import { type AcmeParts, acme } from './acme/controller.ts'
import { withoutOthers } from './acme/others-hosts.ts'
import { withIssued } from './acme/served.ts'
import { acmeSource } from './acme/source.ts'
import { announcement } from './announce.ts'
import { certificateFiles } from './certificates.ts'
import { serversOf } from './endpoints.ts'
import type { ServedKinds } from './gateway-api/kinds.ts'
import { gatewayApiSource } from './gateway-api/source.ts'
import { type Applied, Applier, type Served } from './haproxy/apply.ts'
import type { ClientLimit } from './haproxy/clients.ts'
import { GatewayError, type Haproxy } from './haproxy/process.ts'
import { ingressSource } from './ingress/source.ts'
import { mergeModels } from './merge.ts'
import type { CertificateProblem, EdgeSource, GatewayPorts, Problem, SourceContext } from './source.ts'

export interface GatewayOptions {
  client: Client
  clock: Clock
  logger: Logger
  events: EventRecorder
  haproxy: Haproxy
  dir: string
  ports: GatewayPorts
  /** The machine has IPv6. */
  ipv6: boolean
  /** What Ingresses are told to be reached at. */
  addresses: readonly string[]
  /** A line for each request in `access.log`. */
  accessLog: boolean
  clients: ClientLimit
  /** Prometheus' format on this port, for these ranges and the machine itself. */
  metrics: { port: number; from: readonly string[] } | undefined
  /** Apps have names below it. */
  domain: string
  /** Comes when the kinds of the Gateway API are there, which takes a moment at the first start; undefined: they are not
   * served. Never rejects. */
  gatewayApi: Promise<ServedKinds | undefined>
  /** Certificate and key of the cloud's own, as one PEM. */
  ownCertificate(): string
  /** How certificates are had of a CA. */
  acme: AcmeParts
}

export interface Gateway {
  spec: ControllerSpec
  /** Of a CA, for those who ask. */
  certificates: ControllerSpec
  start(): void
  /** To be called before the controllers are stopped: nobody outside is waited for any longer. */
  letGo(): void
  stop(): Promise<void>
}

type Observed =
  | {
      served: Served
      certificates: readonly CertificateProblem[]
      ports: Map<number, string>
      problems: readonly Problem[]
    }
  | 'look'

type Action =
  | { type: 'look' }
  | { type: 'serve'; served: Served }
  | {
      type: 'tell'
      source: EdgeSource
      certificates: readonly CertificateProblem[]
      ports: Map<number, string>
    }
  | { type: 'say'; problems: readonly Problem[] }

const KEY = 'gateway'
/** Whether HAProxy is as it was left. */
const LOOK = 'look'
/** Reloads are seamless, and cost a process each: what changes together is loaded together. */
const GATHER_MS = 50
const LOOK_EVERY_MS = 5000

export function gateway(options: GatewayOptions): Gateway {
  const { client, clock, logger, dir, ports, addresses, events } = options
  const announced = announcement(options)
  const made = new Set<Informer>()
  const informer = (ref: ResourceRef, fieldSelector?: string) => {
    const one = new Informer<KubeObject>({
      resource: client.resource(ref),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      clock,
      random: Math.random,
      logger,
    })
    made.add(one)
    return one
  }
  const services = informer(SERVICES)
  const sliceObjects = informer(ENDPOINT_SLICES)
  const tlsSecrets = informer(SECRETS, 'type=kubernetes.io/tls')
  const slices = new SlicesByService(sliceObjects)
  const context: SourceContext = {
    client,
    clock,
    logger,
    ports,
    addresses,
    informer,
    services,
    slices,
    tlsSecrets,
  }
  const challenges = new Challenges()
  const askings = new Askings()
  const shared = { client, clock, logger, events, secrets: tlsSecrets, httpPort: ports.http }
  const ca = acme({ ...shared, askings, challenges, parts: options.acme })
  // Of two that want the same port for different things the first has it.
  const sources: EdgeSource[] = [ingressSource(context), acmeSource(challenges, ports)]
  const watched = watchedAs(sources.flatMap((source) => source.own))
  let joined: Promise<void> | undefined
  const said = new Set<string>()
  const applier = new Applier(options)
  let applied: Applied | undefined

  const spec = defineController<Observed, Action>({
    name: 'gateway',
    sources: [
      watched.source,
      { start: lookNowAndThen, synced: async () => {} },
      { start: (enqueue) => challenges.onChange(() => enqueue(KEY, GATHER_MS)), synced: async () => {} },
    ],
    rateLimit: { baseMs: 1000, maxMs: 60_000 },
    async observe(key) {
      if (!watched.awake()) return undefined
      if (key === LOOK) return 'look'
      // What an earlier one serves of Gateways goes on: nothing is changed without them.
      await joined
      await watched.also([services, sliceObjects, tlsSecrets])
      // What the first of them hold may ask for more.
      for (let round = 0; round < 2; round++) await watched.also(sources.flatMap((source) => source.others()))
      const wanted = sources.map((source) => source.wanted())
      const { model, ports: taken } = mergeModels(wanted.map((one) => one.model))
      const found = {
        service: (namespace: string, name: string) => services.store.get(namespace, name),
        slices: (namespace: string, name: string) => slices.of(namespace, name),
      }
      askings.set(
        withoutOthers(
          sources.flatMap((source) => source.askings?.() ?? []),
          model.claims,
        ),
      )
      const secretOf = (namespace: string, name: string) => tlsSecrets.store.get(namespace, name)
      const certificates = certificateFiles(withIssued(model.certificates, ca.wants(), secretOf), secretOf, {
        dir,
        own: options.ownCertificate(),
        claims: model.claims,
      })
      return {
        served: { model, behind: (backend) => serversOf(backend, found), files: certificates.files },
        certificates: certificates.problems,
        ports: taken,
        // Conditions of Gateways say what is wrong with Secrets; this is not.
        problems: [
          ...wanted.flatMap((one) => one.problems),
          ...certificates.problems.flatMap(({ object, message }) =>
            object?.kind === 'Gateway' ? [{ object, reason: 'Certificate', message }] : [],
          ),
        ],
      }
    },
    decide(observed) {
      if (observed === 'look') return { actions: [{ type: 'look' }] }
      const { served, certificates, ports: taken, problems } = observed
      return {
        actions: [
          { type: 'serve', served },
          ...sources.map((source) => ({ type: 'tell' as const, source, certificates, ports: taken })),
          { type: 'say', problems },
        ],
      }
    },
    async act(action) {
      if (action.type === 'look') return look()
      if (action.type === 'serve') return serve(action.served)
      if (action.type === 'say') return say(action.problems)
      const { source, certificates, ports: taken } = action
      const { ports: busy, rules } = applied!
      await say(await source.tell({ addresses, ports: new Map([...taken, ...busy]), rules, certificates }))
    },
  })

  async function serve(served: Served): Promise<void> {
    try {
      applied = await applier.apply(served)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      logger.error('the HTTP edge does not serve what it should', { error: error.message })
      void announced.stoppedBy(error.message)
      throw error
    }
    const { by, ports: busy } = applied
    const own = busy.get(ports.http) ?? busy.get(ports.https)
    const next = 'Next: ./brume up --http-port PORT --https-port PORT'
    void announced.stoppedBy(own === undefined ? undefined : `${own}. ${next}`)
    if (by !== 'nothing')
      logger.debug('the HTTP edge has changed', { by, routes: served.model.routes.length })
    // Whoever has it may give it up.
    if (busy.size > 0) watched.touch(LOOK_EVERY_MS)
  }

  /** Whoever ends HAProxy, or changes it by hand, does so for a moment only. */
  async function look(): Promise<void> {
    if (!(await applier.isIntact())) watched.touch()
    else await applier.renewLog()
  }

  function lookNowAndThen(enqueue: Enqueue): () => void {
    const timer = setInterval(() => enqueue(LOOK), LOOK_EVERY_MS)
    timer.unref()
    return () => clearInterval(timer)
  }

  async function say(problems: readonly Problem[]): Promise<void> {
    for (const { object, reason, message } of problems) {
      const { uid, namespace, name } = object.metadata
      const key = JSON.stringify([object.kind, uid, namespace, name, message])
      if (said.has(key)) continue
      said.add(key)
      await events.record(object, { type: 'Warning', reason, message })
    }
  }

  async function join(given: Promise<ServedKinds | undefined>): Promise<void> {
    const kinds = await given
    if (kinds === undefined) return
    const source = gatewayApiSource(kinds)(context)
    sources.push(source)
    await watched.first(source.own)
  }

  return {
    spec,
    certificates: ca.spec,
    letGo: () => ca.letGo(),
    start() {
      void announced.begin()
      watched.start()
      joined = join(options.gatewayApi)
    },
    async stop() {
      await Promise.all([...made].map((one) => one.stop()))
    },
  }
}

/** Everything but the sources' own kinds is only watched from their first object on: most clouds begin without. */
function watchedAs(atStart: readonly Informer[]) {
  const own = [...atStart]
  const stops: (() => void)[] = []
  const also = new Set<Informer>()
  let awake = false
  let enqueue: Enqueue | undefined
  const touch = (delayMs = GATHER_MS) => enqueue?.(KEY, delayMs)
  const wake = () => {
    awake = true
    touch()
  }
  const wokenBy = (one: Informer) => one.addHandler({ add: wake, update: wake, delete: () => touch() })
  const source: Source = {
    start(given) {
      enqueue = given
      stops.push(...own.map(wokenBy))
      stops.push(...[...also].map(touchedBy))
      return () => {
        for (const stop of stops.splice(0)) stop()
      }
    },
    async synced() {
      await Promise.all(atStart.map((one) => one.synced()))
    },
  }
  const touchedBy = (one: Informer) =>
    one.addHandler({ add: () => touch(), update: () => touch(), delete: () => touch() })
  return {
    source,
    touch,
    awake: () => awake,
    start() {
      for (const one of atStart) one.start()
    },
    /** The edge wakes for these too. Resolves when they are synced. */
    async first(informers: readonly Informer[]): Promise<void> {
      own.push(...informers)
      stops.push(...informers.map(wokenBy))
      for (const one of informers) one.start()
      await Promise.all(informers.map((one) => one.synced()))
    },
    /** Watches these too. Resolves when they are synced. */
    async also(informers: readonly Informer[]): Promise<void> {
      for (const one of informers) {
        if (also.has(one)) continue
        also.add(one)
        stops.push(touchedBy(one))
        one.start()
      }
      await Promise.all(informers.map((one) => one.synced()))
    },
  }
}
