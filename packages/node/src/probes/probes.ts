// The probes of all containers on this node. A container without probes costs nothing.

import type { ContainerSpec, NodeContext, Pod, ProbeKind, Probes, RunningContainer } from '../contract.ts'
import { containerSubject } from '../event-subjects.ts'
import { check, type ProbeSpec } from './check.ts'
import { knownBefore } from './known-before.ts'
import type { Outcome } from './outcome.ts'
import { ProbeWorker } from './probe-worker.ts'

export interface ProbesOptions {
  /** A verdict on one of the pod's containers has turned. */
  onResult(podUid: string): void
}

/** How often looks ended how, for metrics. */
export interface ProbeCount {
  namespace: string
  pod: string
  podUid: string
  container: string
  kind: ProbeKind
  successful: number
  failed: number
  unknown: number
}

export interface NodeProbes extends Probes {
  counts(): ProbeCount[]
  stop(): void
}

interface Probed {
  podUid: string
  workers: Map<ProbeKind, ProbeWorker>
  counts: ProbeCount[]
  /** Both change while the container runs. */
  pod: Pod
  podIp: string
}

const FIELDS: Readonly<Record<ProbeKind, string>> = {
  startup: 'startupProbe',
  readiness: 'readinessProbe',
  liveness: 'livenessProbe',
}
const NAMES: Readonly<Record<ProbeKind, string>> = {
  startup: 'Startup',
  readiness: 'Readiness',
  liveness: 'Liveness',
}
const KINDS: readonly ProbeKind[] = ['startup', 'readiness', 'liveness']

export function nodeProbes(context: NodeContext, options: ProbesOptions): NodeProbes {
  const all = new AllProbes(context, options)
  return {
    get: (containerId, kind) => all.get(containerId, kind),
    sync: (pod, running, podIp) => all.sync(pod, running, podIp),
    remove: (podUid) => all.remove(podUid),
    counts: () => all.counts(),
    stop: () => all.stop(),
  }
}

class AllProbes {
  readonly #context: NodeContext
  readonly #options: ProbesOptions
  readonly #probed = new Map<string, Probed>()

  constructor(context: NodeContext, options: ProbesOptions) {
    this.#context = context
    this.#options = options
  }

  get(containerId: string, kind: ProbeKind): boolean | undefined {
    return this.#probed.get(containerId)?.workers.get(kind)?.value
  }

  sync(pod: Pod, running: readonly RunningContainer[], podIp: string): void {
    const uid = pod.metadata.uid ?? ''
    const ids = new Set(running.map(({ id }) => id))
    for (const [id, { podUid }] of this.#probed) if (podUid === uid && !ids.has(id)) this.#forget(id)
    for (const container of running) this.#syncContainer(pod, container, podIp)
  }

  remove(podUid: string): void {
    for (const [id, probed] of this.#probed) if (probed.podUid === podUid) this.#forget(id)
  }

  counts(): ProbeCount[] {
    return [...this.#probed.values()].flatMap(({ counts }) => counts)
  }

  stop(): void {
    for (const id of this.#probed.keys()) this.#forget(id)
  }

  #syncContainer(pod: Pod, container: RunningContainer, podIp: string): void {
    const probed = this.#probed.get(container.id) ?? this.#meet(pod, container, podIp)
    if (probed === undefined) return
    probed.pod = pod
    probed.podIp = podIp
    const isLeaving = pod.metadata.deletionTimestamp !== undefined
    const { workers } = probed
    // A pod that leaves is not killed for being slow about it; whether it takes traffic still counts.
    if (isLeaving) for (const kind of ['startup', 'liveness'] as const) workers.get(kind)?.stop()
    this.#beginDue(probed)
  }

  /** The startup probe first; the others when it has passed. */
  #beginDue({ workers }: Probed): void {
    const startup = workers.get('startup')
    startup?.begin()
    if (startup !== undefined && startup.value !== true) return
    workers.get('readiness')?.begin()
    workers.get('liveness')?.begin()
  }

  #meet(pod: Pod, container: RunningContainer, podIp: string): Probed | undefined {
    const kinds = KINDS.filter((kind) => container.spec[FIELDS[kind]] !== undefined)
    if (kinds.length === 0 || container.kind === 'ephemeral') return undefined
    const podUid = pod.metadata.uid ?? ''
    const probed: Probed = { podUid, workers: new Map(), counts: [], pod, podIp }
    for (const kind of kinds) probed.workers.set(kind, this.#worker(probed, container, kind))
    this.#probed.set(container.id, probed)
    return probed
  }

  #worker(probed: Probed, { id, spec, startedAtMs }: RunningContainer, kind: ProbeKind): ProbeWorker {
    const { clock, cri } = this.#context
    const probe: ProbeSpec = spec[FIELDS[kind]]
    const { namespace = '', name = '' } = probed.pod.metadata
    const { podUid } = probed
    const count = {
      namespace,
      pod: name,
      podUid,
      container: spec.name,
      kind,
      successful: 0,
      failed: 0,
      unknown: 0,
    }
    probed.counts.push(count)
    return new ProbeWorker({
      kind,
      probe,
      startedAtMs,
      clock,
      known: knownBefore(probed.pod, { id, name: spec.name }, kind),
      look: () => check(cri, probe, { container: spec, containerId: id, podIp: probed.podIp }),
      onOutcome: (outcome, counts) => {
        if (counts) this.#tell(probed.pod, spec, { kind, outcome, count })
      },
      onTurn: () => {
        this.#beginDue(probed)
        this.#options.onResult(podUid)
      },
    })
  }

  #tell(
    pod: Pod,
    container: ContainerSpec,
    { kind, outcome, count }: { kind: ProbeKind; outcome: Outcome; count: ProbeCount },
  ): void {
    const { result, output } = outcome
    if (result === 'success' || result === 'warning') count.successful++
    else if (result === 'failure') count.failed++
    else count.unknown++
    if (result === 'success') return
    const reason = result === 'warning' ? 'ProbeWarning' : 'Unhealthy'
    const what = result === 'warning' ? 'warning' : result === 'failure' ? 'failed' : 'errored'
    const message = `${NAMES[kind]} probe ${what}: ${output}`
    this.#context.event(containerSubject(pod, container.name), { type: 'Warning', reason, message })
  }

  #forget(id: string): void {
    for (const worker of this.#probed.get(id)?.workers.values() ?? []) worker.stop()
    this.#probed.delete(id)
  }
}
