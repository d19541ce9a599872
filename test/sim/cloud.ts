// A cloud in one process and in simulated time: a store in memory, the real API server in front of it, and clients
// whose calls go through connections that fail. The server can be restarted on its store at any moment.

import { builtinResources } from '@brume/api/kinds/builtin'
import { admissionPlugins } from '@brume/apiserver/admission/plugins'
import { removedNodes } from '@brume/apiserver/auth/authenticators/removed-nodes'
import { createRbacIndex } from '@brume/apiserver/auth/authorizers/rbac-index'
import { superuserAuthorizer } from '@brume/apiserver/auth/authorizers/union'
import { watchCrds } from '@brume/apiserver/crd/watch'
import { createDiscovery } from '@brume/apiserver/discovery/discovery'
import { createFlowControl, DEFAULT_SEATS } from '@brume/apiserver/flow/control'
import { InFlight } from '@brume/apiserver/http/in-flight'
import { OpenStreams } from '@brume/apiserver/http/open-streams'
import { MetricsRegistry } from '@brume/apiserver/metrics/registry'
import { requestMetrics } from '@brume/apiserver/metrics/requests'
import { nodeAgents } from '@brume/apiserver/nodes/agents'
import { createObjectReader } from '@brume/apiserver/registry/object-reader'
import { ResourceRegistry } from '@brume/apiserver/registry/resources'
import { createApiServer } from '@brume/apiserver/server'
import { WatchHub } from '@brume/apiserver/watch/hub'
import { createLogger, type Logger } from '@brume/base/log'
import type { SeededRandom } from '@brume/base/seeded-random'
import { Client } from '@brume/client/client'
import type { Transport } from '@brume/client/transport'
import { SYSTEM_USER } from '@brume/server/identity'
import { inProcessTransport } from '@brume/server/in-process-transport'
import type { Store } from '@brume/store/contract'
import { openMemoryStore } from '@brume/store/memory/open'
import { FaultyTransport, type Weather } from './faulty-transport.ts'
import { SimClock } from './sim-clock.ts'

export interface Cloud {
  clock: SimClock
  store: Store
  /** Straight into the server that runs now. */
  reliable: Client
  /** Through connections that fail as `weather` says. */
  faulty(weather: Weather, options?: { streamsLists: boolean }): Client
  /** Ends every connection; what was answered stays. */
  restart(): void
  /** Errors that the server logged: bugs. */
  bugs: readonly string[]
  close(): Promise<void>
}

export interface CloudOptions {
  /** Plurals that are served; default: all. */
  kinds?: readonly string[]
  /** Default: a new one in memory. */
  store?: Store
}

export function createCloud(random: SeededRandom, { kinds, store: given }: CloudOptions = {}): Cloud {
  const clock = new SimClock()
  const bugs: string[] = []
  const logger = createLogger('error', (line) => bugs.push(line))
  const store = given ?? openMemoryStore({ clock, logger })
  const parts = { store, clock, logger, random, kinds }
  let transport = startServer(parts)
  /** A connection to whatever server runs when a request is made. */
  const current: Transport = { request: (request) => transport.request(request), close() {} }
  return {
    clock,
    store,
    bugs,
    reliable: new Client({ transport: current, clock }),
    faulty: (weather, { streamsLists } = { streamsLists: true }) => {
      const inner = streamsLists ? current : withoutStreamingLists(current)
      return new Client({ transport: new FaultyTransport({ inner, clock, random, weather }), clock })
    },
    restart() {
      transport.close()
      transport = startServer(parts)
    },
    async close() {
      transport.close()
      await store.close()
    },
  }
}

interface ServerOptions {
  store: Store
  clock: SimClock
  logger: Logger
  random: SeededRandom
  kinds: readonly string[] | undefined
}

function startServer({ store, clock, logger, random, kinds }: ServerOptions): Transport {
  const served = builtinResources().filter(({ plural }) => kinds === undefined || kinds.includes(plural))
  const registry = new ResourceRegistry(served)
  const reader = createObjectReader(store, registry)
  watchCrds({ reader, registry })
  const authorizer = superuserAuthorizer
  const rbac = createRbacIndex(reader)
  const inFlight = new InFlight()
  const discovery = createDiscovery({ registry, serverAddress: () => 'sim' })
  const paths: Record<string, typeof discovery.api> = { '/api': discovery.api, '/apis': discovery.apis }
  const server = createApiServer({
    parts: {
      store,
      registry,
      reader,
      admission: admissionPlugins({ reader, registry, clock, authorizer, rbac }),
      authorizer,
      watches: new WatchHub({ store, clock, logger, maxWatchers: 1000, stopwatch: () => clock.now() }),
      removed: removedNodes(reader),
      nodes: nodeAgents({ reader, credentials: () => ({ ca: '', certificate: '', key: '' }) }),
      clock,
      logger,
      random: () => random.next(),
      newUid: () => uuid(random),
      newSuffix: () => random.next().toString(36).slice(2, 7).padEnd(5, 'x'),
      allocators: [],
      review: () => undefined,
    },
    authenticator: { authenticate: async () => undefined },
    authorizer,
    inFlight,
    flows: createFlowControl({ reader, clock, metrics: new MetricsRegistry(), seats: DEFAULT_SEATS }),
    metrics: requestMetrics(new MetricsRegistry(), { inFlight, resources: registry }),
    streams: new OpenStreams(),
    pathHandler: (path) => paths[path],
  })
  return inProcessTransport(server, SYSTEM_USER)
}

/** As a server before 1.27: the answer that makes informers list page by page. */
function withoutStreamingLists(inner: Transport): Transport {
  return {
    close: () => inner.close(),
    request: (request) =>
      request.query instanceof URLSearchParams && request.query.has('sendInitialEvents')
        ? inner.request({ ...request, query: new URLSearchParams('watch=true&sendInitialEvents=nonsense') })
        : inner.request(request),
  }
}

function uuid(random: SeededRandom): string {
  const hex = Array.from({ length: 32 }, () => random.below(16).toString(16)).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
