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
import { announcement } from './announce.ts'
import { type CertificateFiles, certificateFiles } from './certificates.ts'
import { serversOf } from './endpoints.ts'
import { type Config, configOf } from './haproxy/config.ts'
import { GatewayError, type Haproxy } from './haproxy/process.ts'
import { ingressSource } from './ingress/source.ts'
import { mergeModels } from './merge.ts'
import type { EdgeSource, GatewayPorts, MakeSource, Outcome, Problem, SourceContext } from './source.ts'

/** Of two that want the same port for different things the first has it. */
const SOURCES: readonly MakeSource[] = [ingressSource]

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
  /** Apps have names below it. */
  domain: string
  /** Certificate and key of the cloud's own, as one PEM. */
  ownCertificate(): string
}

export interface Gateway {
  spec: ControllerSpec
  start(): void
  stop(): Promise<void>
}

interface Observed {
  config: Config
  certificates: CertificateFiles
  problems: Problem[]
  ports: Map<number, string>
}

type Action =
  | { type: 'serve'; files: ReadonlyMap<string, string> }
  | { type: 'tell'; source: EdgeSource; outcome: Outcome }
  | { type: 'say'; problems: readonly Problem[] }

const KEY = 'gateway'
/** Reloads are seamless, and cost a process each: what changes together is loaded together. */
const GATHER_MS = 50
const LOOK_EVERY_MS = 5000

export function gateway(options: GatewayOptions): Gateway {
  const { client, clock, logger, haproxy, dir, ports, addresses, events } = options
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
  const context: SourceContext = { client, clock, logger, ports, informer, services, slices, tlsSecrets }
  const sources = SOURCES.map((make) => make(context))
  const own = sources.flatMap((source) => source.own)
  const watched = watchedAs(own)
  const said = new Set<string>()
  // The one before may have ended between writing and applying.
  let applied = false

  const spec = defineController<Observed, Action>({
    name: 'gateway',
    sources: [watched.source, { start: (enqueue) => keepRunning(enqueue), synced: async () => {} }],
    rateLimit: { baseMs: 1000, maxMs: 60_000 },
    async observe() {
      if (!watched.awake()) return undefined
      await watched.also([
        services,
        sliceObjects,
        tlsSecrets,
        ...sources.flatMap((source) => source.others()),
      ])
      const wanted = sources.map((source) => source.wanted())
      const { model, ports: taken } = mergeModels(wanted.map((one) => one.model))
      const found = {
        service: (namespace: string, name: string) => services.store.get(namespace, name),
        slices: (namespace: string, name: string) => slices.of(namespace, name),
      }
      const certificates = certificateFiles(
        model.certificates,
        (namespace, name) => tlsSecrets.store.get(namespace, name),
        { dir, own: options.ownCertificate() },
      )
      const config = configOf({
        dir,
        ipv6: options.ipv6,
        model,
        behind: (backend) => serversOf(backend, found),
        left: new Map(),
      })
      return { config, certificates, problems: wanted.flatMap((one) => one.problems), ports: taken }
    },
    decide({ config, certificates, problems, ports: taken }) {
      const outcome = { addresses, ports: taken, rules: config.left, certificates: certificates.problems }
      return {
        actions: [
          { type: 'serve', files: filesOf(config, certificates) },
          ...sources.map((source) => ({ type: 'tell' as const, source, outcome })),
          { type: 'say', problems },
        ],
      }
    },
    async act(action) {
      if (action.type === 'say') return say(action.problems)
      if (action.type === 'tell') return say(await action.source.tell(action.outcome))
      if (haproxy.write(action.files)) applied = false
      if (applied && haproxy.running !== undefined) return
      try {
        await haproxy.apply()
        applied = true
        void announced.stoppedBy(undefined)
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        logger.error('the HTTP edge does not run', { error: error.message })
        void announced.stoppedBy(error.message)
        throw error
      }
    },
  })

  /** Whoever ends HAProxy ends it for a moment only. */
  function keepRunning(enqueue: Enqueue): () => void {
    const timer = setInterval(() => {
      if (watched.awake() && haproxy.running === undefined) enqueue(KEY)
    }, LOOK_EVERY_MS)
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

  return {
    spec,
    start() {
      void announced.begin()
      for (const one of own) one.start()
    },
    async stop() {
      await Promise.all([...made].map((one) => one.stop()))
    },
  }
}

/** Everything but the sources' own kinds is only watched from their first object on: most clouds begin without. */
function watchedAs(own: readonly Informer[]) {
  const stops: (() => void)[] = []
  const also = new Set<Informer>()
  let awake = false
  let enqueue: Enqueue | undefined
  const touch = () => enqueue?.(KEY, GATHER_MS)
  const source: Source = {
    start(given) {
      enqueue = given
      const first = () => {
        awake = true
        touch()
      }
      stops.push(...own.map((one) => one.addHandler({ add: first, update: first, delete: touch })))
      stops.push(...[...also].map(touchedBy))
      return () => {
        for (const stop of stops.splice(0)) stop()
      }
    },
    async synced() {
      await Promise.all(own.map((one) => one.synced()))
    },
  }
  const touchedBy = (one: Informer) => one.addHandler({ add: touch, update: touch, delete: touch })
  return {
    source,
    awake: () => awake,
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

function filesOf(config: Config, certificates: CertificateFiles): ReadonlyMap<string, string> {
  const files = new Map(config.files)
  for (const [name, pem] of certificates.files) files.set(`certs/${name}`, pem)
  files.set('crt-list', certificates['crt-list'])
  return files
}
