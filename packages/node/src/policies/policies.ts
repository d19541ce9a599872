// Keeps the filters of this node's pods in step with NetworkPolicies, pods and namespaces. Pods of other nodes are only
// watched while there is a policy: most clouds have none.

import { compilePolicies, type PolicyWorld } from '@brume/api/network/policies'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { type ControllerSpec, defineController, type Enqueue, type Source } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { run } from '@brume/machine/run'
import { PodProblem } from '../contract.ts'
import { familiesOf, NUMBERS } from '../network/family.ts'
import { policyScript } from './table.ts'

export interface PolicyOptions {
  policies: Informer
  /** Made when the first policy comes. */
  pods(): Informer
  namespaces(): Informer
  /** What is reached like a pod although it is none: the node's DNS server. */
  others: readonly KubeObject[]
  nodeName: string
  table: string
  bridge: string
  /** Pods have addresses of IPv6 too. */
  hasIpv6: boolean
  clock: Clock
  logger: Logger
}

export interface NetworkPolicies {
  spec: ControllerSpec
  /**
   * Resolves when the filters of the pod at these addresses are in the kernel: its first packet is filtered. Throws
   * PodProblem when that fails.
   */
  enforced(podUid: string, podIps: readonly string[]): Promise<void>
  stop(): Promise<void>
}

interface Apply {
  type: 'apply'
  script: string
  pods: Addresses
}

/** Of pods, by UID. */
type Addresses = ReadonlyMap<string, ReadonlySet<string>>

interface Waiter {
  ips: readonly string[]
  resolve(): void
}

const KEY = 'policies'
const GATHER_MS = 20
const NFT_LIMIT_MS = 60_000
const LOOK_EVERY_MS = 30_000
/** Then the pod's status says what it waits for. */
const ENFORCE_LIMIT_MS = 30_000

export function networkPolicies(options: PolicyOptions): NetworkPolicies {
  const { policies, table, bridge, hasIpv6, logger, clock } = options
  let applied: string | undefined
  let seen: Addresses = new Map()
  const waiting = new Map<string, Set<Waiter>>()
  // A pod that was made anew has another address than the one that is filtered.
  const isSeen = (uid: string, ips: readonly string[]) => {
    const known = seen.get(uid)
    return known !== undefined && ips.every((ip) => known.has(ip))
  }
  let world: { pods: Informer; namespaces: Informer } | undefined
  let wake: Enqueue = () => {}

  const look = async () => {
    if (applied === undefined || !applied.includes('hook forward')) return
    try {
      for (const family of ['ip', 'ip6'])
        if (applied.includes(`add chain ${family} ${table} forward`))
          await run(['nft', 'list', 'chain', family, table, 'forward'])
    } catch (error) {
      logger.warn('the filters of network policies are not in the kernel; they are written again', {
        error: String(error),
      })
      applied = undefined
      wake(KEY)
    }
  }
  const source: Source = {
    start(enqueue) {
      wake = enqueue
      const touch = () => enqueue(KEY, GATHER_MS)
      const needWorld = () => {
        if (world === undefined) {
          world = { pods: options.pods(), namespaces: options.namespaces() }
          for (const informer of [world.pods, world.namespaces]) {
            informer.addHandler({ add: touch, update: touch, delete: touch })
            informer.start()
          }
        }
        touch()
      }
      const stop = policies.addHandler({ add: needWorld, update: needWorld, delete: touch })
      const timer = setInterval(() => void look(), LOOK_EVERY_MS)
      timer.unref()
      enqueue(KEY)
      return () => {
        clearInterval(timer)
        stop()
      }
    },
    synced: () => policies.synced(),
  }

  const spec = defineController<PolicyWorld, Apply>({
    name: 'network-policies',
    sources: [source],
    rateLimit: { baseMs: 200, maxMs: 30_000 },
    async observe() {
      if (world !== undefined) await Promise.all([world.pods.synced(), world.namespaces.synced()])
      const namespaces = world?.namespaces.store.list() ?? []
      return {
        policies: policies.store.list(),
        pods: [...(world?.pods.store.list() ?? []), ...options.others],
        namespaces: new Map(namespaces.map((namespace) => [namespace.metadata.name ?? '', namespace])),
        nodeName: options.nodeName,
      }
    },
    decide(observed) {
      const script = familiesOf(hasIpv6)
        .map((family) =>
          policyScript({ table, bridge, filters: compilePolicies(observed, NUMBERS[family]), family }),
        )
        .join('')
      const pods = new Map(observed.pods.map((pod) => [pod.metadata.uid ?? '', addressesOf(pod)] as const))
      for (const [uid, ips] of pods) if (ips.size === 0) pods.delete(uid)
      return { actions: [{ type: 'apply', script, pods }] }
    },
    async act({ script, pods }) {
      if (script !== applied) {
        applied = undefined
        await run(['nft', '-f', '-'], { input: script, timeoutMs: NFT_LIMIT_MS })
        applied = script
      }
      seen = pods
      for (const [uid, waiters] of waiting)
        for (const waiter of waiters) if (isSeen(uid, waiter.ips)) waiter.resolve()
    },
  })

  return {
    spec,
    async enforced(podUid, podIps) {
      const isFree = () => policies.hasSynced && policies.store.size === 0
      if (isFree() || isSeen(podUid, podIps)) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiters = waiting.get(podUid) ?? new Set()
      const waiter = { ips: podIps, resolve }
      waiting.set(podUid, waiters.add(waiter))
      // Before they are known, nobody can say that there are none.
      if (!policies.hasSynced)
        void policies.synced().then(() => {
          if (isFree()) resolve()
        })
      const timer = clock.after(ENFORCE_LIMIT_MS, () => {
        const message = "the node could not write the pod's network policies (nft); brume logs says why"
        reject(new PodProblem('NetworkPolicyNotEnforced', message))
      })
      await promise.finally(() => {
        timer.cancel()
        waiters.delete(waiter)
        if (waiters.size === 0) waiting.delete(podUid)
      })
    },
    async stop() {
      for (const waiters of waiting.values()) for (const { resolve } of waiters) resolve()
      await Promise.all([world?.pods.stop(), world?.namespaces.stop()])
    },
  }
}

function addressesOf({ status }: KubeObject): Set<string> {
  return new Set((status?.['podIPs'] ?? []).map(({ ip }: { ip: string }) => ip))
}
