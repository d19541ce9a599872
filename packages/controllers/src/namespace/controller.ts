// Empties namespaces that are being deleted and then lets them go.

import { NAMESPACES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Source } from '@brume/client/controller'
import type { Dependencies } from '../dependencies.ts'
import { actOnNamespace } from './act.ts'
import { decideNamespace } from './decide.ts'
import { observeNamespace } from './observe.ts'

const WORKERS = 4

export function namespaceController({ client, informers, monitors }: Dependencies): ControllerSpec {
  const namespaces = informers.for(NAMESPACES)
  /** By namespace: the deletions that failed since it was last observed. */
  const failures = new Map<string, string[]>()
  const isLeaving = (name: string) => namespaces.store.get('', name)?.metadata.deletionTimestamp !== undefined
  const contentGone: Source = {
    start: (enqueue) =>
      monitors.listen({
        delete: ({ metadata }) => {
          if (metadata.namespace !== undefined && isLeaving(metadata.namespace)) enqueue(metadata.namespace)
        },
      }),
    synced: async () => {},
  }
  return defineController({
    name: 'namespace',
    workers: WORKERS,
    sources: [
      fromInformer(namespaces, ({ metadata }) =>
        metadata.deletionTimestamp === undefined ? [] : [metadata.name!],
      ),
      contentGone,
    ],
    async observe(name) {
      const namespace = namespaces.store.get('', name)
      const lastFailures = failures.get(name) ?? []
      failures.delete(name)
      return namespace && observeNamespace(client, namespace, lastFailures)
    },
    decide: decideNamespace,
    act: (action) => actOnNamespace(client, failures, action),
  })
}
