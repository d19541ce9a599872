// Keeps the kernel's maps in step with Services and EndpointSlices. Changes that come together are one transaction of
// nft; one that fails is followed by a whole new table.

import type { EndpointSlice, NodeView, Service } from '@brume/api/network/service-model'
import { routesOf } from '@brume/api/network/services'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { type ControllerSpec, defineController, type Source } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { keyOf } from '@brume/client/resource-ref'
import { type SlicesByService, serviceKeyOf } from '@brume/client/slices-by-service'
import { run } from '@brume/machine/run'
import { chainName, drawOf, type Elements, elementsOf } from './elements.ts'
import { Owners } from './owners.ts'
import { changeScript, drawScript, tableScript } from './table.ts'

export interface ServiceRulesOptions {
  services: Informer<Service>
  slices: Informer<EndpointSlice>
  slicesByService: SlicesByService
  node(): NodeView
  table: string
  bridge: string | undefined
  podRange: string | undefined
  clock: Clock
  logger: Logger
}

interface Change {
  service: string
  elements: Elements
}

interface Apply {
  type: 'apply'
  changes: readonly Change[]
  whole: boolean
}

const KEY = 'services'
/** What changes together is applied together. */
const GATHER_MS = 10
/** Somebody may have taken the table away. */
const LOOK_EVERY_MS = 30_000
const USUAL_BACKENDS = 16
const NFT_LIMIT_MS = 60_000

/** Run it with `runController`; it is ready when all Services are in the kernel. */
export function serviceRules(options: ServiceRulesOptions): ControllerSpec {
  const { services, slices, slicesByService, node, table, logger } = options
  const dirty = new Set<string>()
  const owners = new Owners()
  const draws = new Set<string>(usualDraws())
  let whole = true

  const source: Source = {
    start(enqueue) {
      const touch = (service: string) => {
        dirty.add(service)
        enqueue(KEY, GATHER_MS)
      }
      const stops = [
        services.addHandler(each((service) => touch(keyOf(service)))),
        slices.addHandler({
          ...each((slice) => touch(serviceKeyOf(slice))),
          update: (slice, before) => {
            touch(serviceKeyOf(before))
            touch(serviceKeyOf(slice))
          },
        }),
        watchTable(options, () => {
          whole = true
          enqueue(KEY)
        }),
      ]
      enqueue(KEY)
      return () => {
        for (const stop of stops) stop()
      }
    },
    async synced() {
      await Promise.all([services.synced(), slices.synced()])
    },
  }

  return defineController<Apply, Apply>({
    name: 'service-rules',
    sources: [source],
    rateLimit: { baseMs: 200, maxMs: 30_000 },
    observe() {
      const view = node()
      const changes = [...dirty].map((key) => {
        const [namespace = '', name = ''] = key.split('/')
        const service = services.store.get(namespace, name)
        const own = [...slicesByService.of(namespace, name)]
        return {
          service: key,
          elements: elementsOf(service === undefined ? [] : routesOf(service, own, view)),
        }
      })
      dirty.clear()
      return { type: 'apply', changes, whole }
    },
    decide: (apply) => ({ actions: apply.whole || apply.changes.length > 0 ? [apply] : [] }),
    async act(apply) {
      const lines: string[] = []
      let isWhole = apply.whole
      for (const { service, elements } of apply.changes) {
        const { before, after, conflicts } = owners.update(service, elements)
        lines.push(...changeScript(table, before, after))
        isWhole ||= hasNewDraw(after)
        for (const key of conflicts) {
          logger.warn('two Services want the same address and port; the first one has it', { service, key })
        }
      }
      if (isWhole) {
        const all = owners.all()
        for (const verdict of verdictsOf(all)) draws.add(verdict)
        const draw = [...draws].flatMap((verdict) => drawScript(table, drawOf(verdict)!))
        lines.splice(
          0,
          lines.length,
          ...tableScript(options),
          ...draw,
          ...changeScript(table, new Map(), all),
        )
      }
      if (lines.length === 0) return
      // If it fails, nothing is known of what the kernel has.
      whole = true
      await run(['nft', '-f', '-'], { input: `${lines.join('\n')}\n`, timeoutMs: NFT_LIMIT_MS })
      whole = false
    },
  })

  /** nft 1.0.6 takes a rule with such a map only together with the map: a number that is new means a new table. */
  function hasNewDraw(elements: Elements): boolean {
    return verdictsOf(elements).some((verdict) => !draws.has(verdict))
  }
}

/** Numbers of backends that are so common that their chains are always there. */
function usualDraws(): string[] {
  const counts = Array.from({ length: USUAL_BACKENDS }, (_, i) => i + 1)
  return [true, false].flatMap((nodePort) =>
    counts.map((count) => `goto ${chainName({ nodePort, draw: 'random', count })}`),
  )
}

function verdictsOf(elements: Elements): string[] {
  return [
    ...new Set([
      ...(elements.get('services')?.values() ?? []),
      ...(elements.get('node-ports')?.values() ?? []),
    ]),
  ]
}

function each<T extends KubeObject>(touch: (object: T) => void) {
  return { add: touch, update: touch, delete: touch }
}

/** Looks now and then whether the table is there. */
function watchTable({ table, clock, logger }: ServiceRulesOptions, onGone: () => void): () => void {
  let stopped = false
  const look = async () => {
    try {
      await run(['nft', 'list', 'chain', 'ip', table, 'forward'])
    } catch (error) {
      if (!stopped) {
        logger.warn('the rules of Services are not in the kernel; they are written again', {
          error: String(error),
        })
        onGone()
      }
    }
    if (!stopped) timer = clock.after(LOOK_EVERY_MS, () => void look())
  }
  let timer = clock.after(LOOK_EVERY_MS, () => void look())
  return () => {
    stopped = true
    timer.cancel()
  }
}
