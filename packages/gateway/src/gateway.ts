// The HTTP edge: keeps HAProxy in step with Ingresses, Services, endpoints and certificates, and says on the Ingresses
// what they get. Nothing listens while there is no Ingress.

import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import { ENDPOINT_SLICES, INGRESS_CLASSES, INGRESSES, SECRETS, SERVICES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, defineController, type Source } from '@brume/client/controller'
import type { EventRecorder } from '@brume/client/event-recorder'
import { Informer } from '@brume/client/informer'
import { keyOf, type ResourceRef } from '@brume/client/resource-ref'
import { SlicesByService } from '@brume/client/slices-by-service'
import { announcement } from './announce.ts'
import { certificateFiles } from './certificates.ts'
import { type ConfigFiles, configFiles, type GatewayPorts } from './config.ts'
import { serversOf } from './endpoints.ts'
import { GatewayError, type Haproxy } from './process.ts'
import { ownIngresses, type Wanted, wantedOf } from './routes.ts'

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
  wanted: Wanted
  ingresses: readonly KubeObject[]
  files: ReadonlyMap<string, string>
}

type Action =
  | { type: 'serve'; files: ReadonlyMap<string, string> }
  | { type: 'tell'; ingress: KubeObject }
  | { type: 'event'; ingress: KubeObject; reason: string; message: string }

const KEY = 'gateway'
/** Reloads are seamless, and cost a process each: what changes together is loaded together. */
const GATHER_MS = 50
const LOOK_EVERY_MS = 5000

export function gateway(options: GatewayOptions): Gateway {
  const { client, clock, logger, haproxy, dir, ports, addresses, events } = options
  const announced = announcement(options)
  const make = (ref: ResourceRef, fieldSelector?: string) =>
    new Informer({
      resource: client.resource(ref),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      clock,
      random: Math.random,
      logger,
    })
  const ingresses = make(INGRESSES)
  const classes = make(INGRESS_CLASSES)
  const services = make(SERVICES)
  const slices = make(ENDPOINT_SLICES)
  const secrets = make(SECRETS, 'type=kubernetes.io/tls')
  const others = [classes, services, slices, secrets]
  const said = new Set<string>()
  // The one before may have ended between writing and applying.
  let applied = false
  const slicesByService = new SlicesByService(slices)

  // Everything but the Ingresses themselves is only watched from the first one on: most clouds begin without.
  let watching = false
  const source: Source = {
    start(enqueue) {
      const touch = () => enqueue(KEY, GATHER_MS)
      const first = () => {
        if (!watching) {
          watching = true
          for (const informer of others) informer.start()
        }
        touch()
      }
      const stops = [
        ingresses.addHandler({ add: first, update: first, delete: touch }),
        ...others.map((informer) => informer.addHandler({ add: touch, update: touch, delete: touch })),
      ]
      // Whoever ends HAProxy ends it for a moment only.
      const timer = setInterval(() => {
        if (watching && haproxy.running === undefined) touch()
      }, LOOK_EVERY_MS)
      timer.unref()
      return () => {
        clearInterval(timer)
        for (const stop of stops) stop()
      }
    },
    synced: () => ingresses.synced(),
  }

  const spec = defineController<Observed, Action>({
    name: 'gateway',
    sources: [source],
    rateLimit: { baseMs: 1000, maxMs: 60_000 },
    async observe() {
      await Promise.all(others.map((informer) => informer.synced()))
      const own = ownIngresses(ingresses.store.list(), classes.store.list())
      const wanted = wantedOf(own)
      const found = {
        service: (namespace: string, name: string) => services.store.get(namespace, name),
        slices: (namespace: string, name: string) => slicesByService.of(namespace, name),
      }
      const config = configFiles({
        dir,
        ports,
        ipv6: options.ipv6,
        routes: wanted.routes,
        backendOf: ({ backend, options: route }) => ({
          ref: backend,
          options: route,
          behind: serversOf(backend, found),
        }),
      })
      const certificates = certificateFiles(
        wanted.certificates,
        (namespace, name) => secrets.store.get(namespace, name),
        {
          dir,
          own: options.ownCertificate(),
        },
      )
      for (const { namespace, secret, message } of certificates.problems) {
        const ingress = own.find(
          (one) =>
            one.metadata.namespace === namespace &&
            JSON.stringify(one['spec'].tls ?? []).includes(JSON.stringify(secret)),
        )
        if (ingress !== undefined) wanted.problems.push({ ingress, reason: 'Certificate', message })
      }
      return { wanted, ingresses: own, files: filesOf(config, certificates) }
    },
    decide({ wanted, ingresses: own, files }) {
      const unsaid = wanted.problems.filter(
        ({ ingress, message }) => !said.has(`${keyOf(ingress)} ${message}`),
      )
      return {
        actions: [
          { type: 'serve', files },
          ...own
            .filter((ingress) => !isTold(ingress, addresses))
            .map((ingress) => ({ type: 'tell' as const, ingress })),
          ...unsaid.map((problem) => ({ type: 'event' as const, ...problem })),
        ],
      }
    },
    async act(action) {
      if (action.type === 'event') {
        said.add(`${keyOf(action.ingress)} ${action.message}`)
        await events.record(action.ingress, {
          type: 'Warning',
          reason: action.reason,
          message: action.message,
        })
        return
      }
      if (action.type === 'tell') return tell(action.ingress)
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

  async function tell(ingress: KubeObject): Promise<void> {
    const { namespace = '', name = '' } = ingress.metadata
    const body = { status: { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } } }
    try {
      await client
        .resource(INGRESSES)
        .patch({ namespace, name }, { type: 'merge', body, subresource: 'status' })
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }

  return {
    spec,
    start() {
      void announced.begin()
      ingresses.start()
    },
    async stop() {
      await Promise.all([ingresses, ...others].map((informer) => informer.stop()))
    },
  }
}

function filesOf(
  config: ConfigFiles,
  certificates: ReturnType<typeof certificateFiles>,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>(Object.entries(config))
  for (const [name, pem] of certificates.files) files.set(`certs/${name}`, pem)
  files.set('crt-list', certificates['crt-list'])
  return files
}

function isTold(ingress: KubeObject, addresses: readonly string[]): boolean {
  const told = (ingress['status']?.loadBalancer?.ingress ?? []).map(({ ip }: { ip?: string }) => ip)
  return isDeepStrictEqual(told, addresses)
}
