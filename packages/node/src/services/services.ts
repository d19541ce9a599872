// Keeps the kernel's maps in step with Services and EndpointSlices.

import type { EndpointSlice, NodeView, Service } from '@brume/api/network/service-model'
import { routesOf, unservedAddresses } from '@brume/api/network/services'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { type ControllerSpec, defineController, type Source } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { keyOf } from '@brume/client/resource-ref'
import { type SlicesByService, serviceKeyOf } from '@brume/client/slices-by-service'
import { run } from '@brume/machine/run'
import { type Family, NUMBERS } from '../network/family.ts'
import { elementsOf } from './elements.ts'
import { KernelServices, type ServiceChange } from './kernel.ts'
import { StaleFlows } from './stale-flows.ts'

export interface ServiceRulesOptions {
  services: Informer<Service>
  slices: Informer<EndpointSlice>
  slicesByService: SlicesByService
  /** Its addresses are looked at. */
  nodes: Informer
  node(): NodeView
  /** Some of its addresses from outside lead nowhere here; sentences, told again only when they change. */
  onUnserved(service: Service, problems: readonly string[]): void
  table: string
  bridge: string | undefined
  podRange: string | undefined
  /** Of IPv6; undefined: Services have IPv4 alone. */
  podRange6: string | undefined
  clock: Clock
  logger: Logger
}

interface Apply {
  type: 'apply'
  /** For each family, in the order of its kernels. */
  changes: readonly (readonly ServiceChange[])[]
}

const KEY = 'services'
/** What changes together is applied together. */
const GATHER_MS = 10
/** Somebody may have taken the table away. */
const LOOK_EVERY_MS = 30_000

/** Run it with `runController`; it is ready when all Services are in the kernel. */
export function serviceRules(options: ServiceRulesOptions): ControllerSpec {
  const { services, slices, slicesByService, nodes, node, logger } = options
  const told = new Map<string, string>()
  const dirty = new Set<string>()
  const { table, bridge, podRange, podRange6 } = options
  const kernelOf = (family: Family, podRangeOf: string | undefined) =>
    new KernelServices({ table, bridge, podRange: podRangeOf, family }, logger, (frontends) =>
      flows.touch(family, frontends),
    )
  const kernels: { family: Family; kernel: KernelServices }[] = [
    { family: 'ip', kernel: kernelOf('ip', podRange) },
  ]
  if (podRange6 !== undefined) kernels.push({ family: 'ip6', kernel: kernelOf('ip6', podRange6) })
  const flows = new StaleFlows({
    valueFor: (of) => (map, key) => kernels.find(({ family }) => family === of)?.kernel.value(map, key),
    clock: options.clock,
    logger,
  })

  const source: Source = {
    start(enqueue) {
      const touch = (service: string) => {
        dirty.add(service)
        enqueue(KEY, GATHER_MS)
      }
      /** Those that may have an address of a node. */
      const touchOutside = () => {
        for (const service of services.store.list())
          if (listOf(service.spec['externalIPs']).length > 0 || service['status']?.loadBalancer?.ingress)
            touch(keyOf(service))
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
        nodes.addHandler({
          add: touchOutside,
          delete: touchOutside,
          update: (now, before) => {
            if (addressText(now) !== addressText(before)) touchOutside()
          },
        }),
        ...kernels.map(({ family, kernel }) =>
          watchTable(options, family, () => {
            kernel.distrust()
            enqueue(KEY)
          }),
        ),
      ]
      enqueue(KEY)
      return () => {
        for (const stop of stops) stop()
        flows.stop()
      }
    },
    async synced() {
      await Promise.all([services.synced(), slices.synced(), nodes.synced()])
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
        tellUnserved(key, service, view)
        const own = [...slicesByService.of(namespace, name)]
        return kernels.map(({ family }) => ({
          service: key,
          elements: elementsOf(
            service === undefined ? [] : routesOf(service, own, view, NUMBERS[family]),
            family,
          ),
        }))
      })
      dirty.clear()
      return { type: 'apply', changes: kernels.map((_, i) => changes.map((all) => all[i]!)) }
    },
    decide: (apply) => ({
      actions: kernels.some(({ kernel }, i) => kernel.isUnknown || apply.changes[i]!.length > 0)
        ? [apply]
        : [],
    }),
    async act({ changes }) {
      // Each knows its changes, whatever becomes of the other.
      const all = await Promise.allSettled(kernels.map(({ kernel }, i) => kernel.apply(changes[i]!)))
      for (const one of all) if (one.status === 'rejected') throw one.reason
    },
  })

  function tellUnserved(key: string, service: Service | undefined, view: NodeView): void {
    const all =
      service === undefined
        ? []
        : kernels.flatMap(({ family }) => unservedAddresses(service, view, NUMBERS[family]))
    const problems = [...new Set(all)]
    const text = problems.join('\n')
    if ((told.get(key) ?? '') === text) return
    if (text === '') told.delete(key)
    else told.set(key, text)
    if (service !== undefined && problems.length > 0) options.onUnserved(service, problems)
  }
}

function addressText({ status }: KubeObject): string {
  return JSON.stringify(status?.['addresses'] ?? [])
}

function each<T extends KubeObject>(touch: (object: T) => void) {
  return { add: touch, update: touch, delete: touch }
}

/** Looks now and then whether the table is there. */
function watchTable(
  { table, clock, logger }: ServiceRulesOptions,
  family: Family,
  onGone: () => void,
): () => void {
  let stopped = false
  const look = async () => {
    try {
      await run(['nft', 'list', 'chain', family, table, 'forward'])
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
