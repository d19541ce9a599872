// The garbage collector: deletes what its owners left behind, in the way that the owner's deletion asked for.

import { type ControllerSpec, defineController, type Enqueue, type Source } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import type { Dependencies } from '../dependencies.ts'
import type { MetadataMonitors } from '../metadata/monitors.ts'
import { actOnItem } from './act.ts'
import { decideItem } from './decide.ts'
import { Graph, type GraphKey } from './graph.ts'
import { observeItem } from './observe.ts'

const NAME = 'garbage-collector'
const WORKERS = 5

export function garbageCollector({ client, monitors, clock, logger }: Dependencies): ControllerSpec {
  const graph = new Graph()
  /** Keys with an owner of a kind that is not served; looked at again when the kinds change. */
  const undecided = new Set<string>()
  const source = new GraphSource(graph, monitors, undecided)
  const events = new EventRecorder({ client, component: 'garbage-collector-controller', clock, logger })
  return defineController({
    name: NAME,
    workers: WORKERS,
    sources: [source],
    async observe(key) {
      const item = await observeItem({ client, graph, served: () => monitors.served }, key)
      if (item?.owners.some(({ state }) => state === 'unknown')) undecided.add(key)
      else undecided.delete(key)
      return item
    },
    decide: decideItem,
    act: (action) => actOnItem({ client, graph, events, enqueue: source.enqueue }, action),
  })
}

/** Keeps the graph in step with the monitors. */
class GraphSource implements Source {
  readonly #graph: Graph
  readonly #monitors: MetadataMonitors
  readonly #undecided: ReadonlySet<string>
  enqueue: Enqueue = () => {}

  constructor(graph: Graph, monitors: MetadataMonitors, undecided: ReadonlySet<string>) {
    this.#graph = graph
    this.#monitors = monitors
    this.#undecided = undecided
  }

  start(enqueue: Enqueue): () => void {
    this.enqueue = enqueue
    const all = (keys: readonly GraphKey[]) => {
      for (const key of keys) enqueue(key)
    }
    return this.#monitors.listen({
      put: (object, resource) => all(this.#graph.put(object, resource)),
      delete: (object) => all(this.#graph.remove(object.metadata.uid)),
      kindsChanged: () => {
        for (const key of this.#undecided) enqueue(key)
      },
    })
  }

  synced(): Promise<void> {
    return this.#monitors.synced()
  }
}
