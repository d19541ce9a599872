// One node of a simulated cloud: the pod worker on a runtime in memory, with images, hooks, probes and volumes that
// take their time and fail at times. The agent can be killed and started again; the runtime and the disk stay.

import { silentLogger } from '@brume/base/log'
import type { SeededRandom } from '@brume/base/seeded-random'
import { PODS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { runController } from '@brume/client/controller'
import { Informer } from '@brume/client/informer'
import { containerHash } from '@brume/node/containers/container'
import { CONTAINER_HASH, podLabels, podNames } from '@brume/node/containers/names'
import {
  type NodeContext,
  type Pod,
  PodProblem,
  type ProbeKind,
  type RunningContainer,
} from '@brume/node/contract'
import { PodSource } from '@brume/node/pods/pod-source'
import { podWorker } from '@brume/node/pods/worker'
import type { SimulatedRuntime } from '@brume/node/testing/simulated-runtime'
import type { SimClock } from './sim-clock.ts'

/** Of what surrounds the runtime. Changed while it runs. */
export interface Surroundings {
  failImage: number
  failVolumes: number
  failHook: number
  failProbe: number
  maxWorkMs: number
}

export interface NodeOptions {
  clock: SimClock
  random: SeededRandom
  runtime: SimulatedRuntime
  /** A new connection to the API server. */
  client: Client
  surroundings: Surroundings
  /** UIDs of pods that have directories; outlives the agent. */
  disk: Set<string>
}

export interface SimulatedAgent {
  /** As by kill -9. */
  kill(): void
  condemn(uid: string): void
}

export function startAgent({
  clock,
  random,
  runtime,
  client,
  surroundings,
  disk,
}: NodeOptions): SimulatedAgent {
  const connection = runtime.connect()
  let dead = false
  const living = new Client({
    transport: {
      request: (request) => (dead ? new Promise(() => {}) : client.transport.request(request)),
      close() {},
    },
    clock,
  })
  const context: NodeContext = {
    nodeName: 'n1',
    client: living,
    cri: connection.cri,
    clock,
    logger: silentLogger,
    dirs: { root: '', pods: '', logs: '', containerd: '', cni: '', pki: '', manifests: '' },
    event() {},
  }
  const work = async (chance: number, reason: string) => {
    await clock.sleep(random.below(surroundings.maxWorkMs + 1))
    if (random.chance(chance)) throw new PodProblem(reason, `${reason} (simulated)`)
  }
  const informer = new Informer<Pod>({
    resource: living.resource<Pod>(PODS),
    clock,
    random: () => random.next(),
    logger: silentLogger,
  })
  const worker = podWorker({
    context,
    pods: new PodSource(informer),
    objects: { get: async () => undefined, onChange: () => () => {}, register() {}, unregister() {} },
    probes: probesOf({ clock, random, surroundings, wake: (uid) => worker.wake(uid) }),
    hostIps: () => ['192.0.2.1'],
    leftoverUids: () => disk,
    settled() {},
    act: {
      volumes: {
        async ensure(pod) {
          disk.add(pod.metadata.uid ?? '')
          await work(surroundings.failVolumes, 'FailedMount')
        },
        refresh: async () => {},
        mountsOf: async () => [],
        devicesOf: async () => [],
        remove: async () => {},
        known: async () => [...disk],
      },
      images: {
        async ensure(_pod, { image }) {
          await work(surroundings.failImage, 'ErrImagePull')
          return { imageRef: image, imageUser: {} }
        },
      },
      hooks: {
        run: ({ hook }) =>
          work(surroundings.failHook, hook === 'preStop' ? 'FailedPreStopHook' : 'FailedPostStartHook'),
      },
      async prepare(pod) {
        disk.add(pod.metadata.uid ?? '')
      },
      sandboxConfig: async (pod, attempt) => ({
        metadata: { ...podNames(pod), attempt },
        labels: podLabels(pod),
      }),
      runtimeHandler: () => '',
      guarded: async () => {},
      containerConfig: async ({ pod, spec, attempt }) => ({
        metadata: { name: spec.name, attempt },
        image: { image: spec.image },
        labels: podLabels(pod),
        annotations: { [CONTAINER_HASH]: containerHash(spec) },
      }),
      leftovers: async (uid) => disk.has(uid),
      async cleanUp(uid) {
        await work(surroundings.failVolumes, 'FailedUnmount')
        disk.delete(uid)
      },
      forgotten: async () => {},
    },
  })
  const controller = runController(worker.spec, { clock, logger: silentLogger })
  informer.start()
  return {
    kill() {
      dead = true
      connection.kill()
      void controller.stop()
      void informer.stop()
    },
    condemn: (uid) => worker.condemn(uid, { reason: 'Evicted', message: 'simulated', graceSeconds: 0 }),
  }
}

/** Results come some time after a container began to run; those of liveness may change their mind. */
function probesOf(of: {
  clock: SimClock
  random: SeededRandom
  surroundings: Surroundings
  wake(uid: string): void
}) {
  const { clock, random, surroundings, wake } = of
  const results = new Map<string, boolean>()
  const seen = new Set<string>()
  const kinds: [ProbeKind, string][] = [
    ['startup', 'startupProbe'],
    ['readiness', 'readinessProbe'],
    ['liveness', 'livenessProbe'],
  ]
  return {
    get: (id: string, kind: ProbeKind) => results.get(`${id}/${kind}`),
    sync(pod: Pod, running: readonly RunningContainer[]) {
      for (const { id, spec } of running) {
        if (seen.has(id)) continue
        seen.add(id)
        for (const [kind, field] of kinds) {
          if (spec[field] === undefined) continue
          clock.after(random.below(surroundings.maxWorkMs + 1), () => {
            results.set(`${id}/${kind}`, !random.chance(surroundings.failProbe))
            wake(pod.metadata.uid ?? '')
          })
        }
      }
    },
    remove() {},
  }
}
