// Makes the objects that every cluster has: all of them at start; the namespaces, and the way to the API server, again
// whenever they change.

import { CONFIG_MAPS, ENDPOINT_SLICES, ENDPOINTS, NAMESPACES, SERVICES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Source } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import { createIfAbsent, deleteIfPresent, getIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import { type BootstrapAction, decideBootstrap, type ObservedBootstrap } from './decide.ts'
import { bootstrapObjects } from './objects.ts'

/** A new cluster gets some two hundred objects; writes of one moment share a transaction. */
const WORKERS = 64

export function bootstrapController(dependencies: Dependencies): ControllerSpec {
  const { client, informers, onBootstrapped } = dependencies
  const objects = bootstrapObjects(dependencies)
  const missing = new Set(objects.keys())
  const namespaces = informers.for(NAMESPACES)
  const withName = (name: string) => ({ fieldSelector: `metadata.name=${name}` })
  const atStart: Source = {
    start(enqueue) {
      for (const key of objects.keys()) enqueue(key)
      return () => {}
    },
    synced: async () => {},
  }
  const watched = (informer: Informer, kind: string) =>
    fromInformer(informer, ({ metadata }) =>
      [`${kind}/${metadata.namespace}/${metadata.name}`].filter((key) => objects.has(key)),
    )
  const inDefault = { namespace: 'default', ...withName('kubernetes') }
  const sources: Source[] = [
    atStart,
    fromInformer(namespaces, ({ metadata }) => keysOfNamespace([...objects.keys()], metadata.name!)),
    watched(informers.for(SERVICES, inDefault), 'Service'),
    watched(informers.for(ENDPOINTS, inDefault), 'Endpoints'),
    watched(informers.for(ENDPOINT_SLICES, inDefault), 'EndpointSlice'),
    watched(
      informers.for(CONFIG_MAPS, { namespace: 'kube-public', ...withName('cluster-info') }),
      'ConfigMap',
    ),
  ]
  return defineController<ObservedBootstrap, BootstrapAction>({
    name: 'bootstrap',
    workers: WORKERS,
    sources,
    async observe(key) {
      const object = objects.get(key)
      if (object === undefined) return undefined
      const { name, namespace } = object.expected.metadata
      const at = namespace === undefined ? undefined : namespaces.store.get('', namespace)
      const namespaceReady =
        namespace === undefined || (at !== undefined && at.metadata.deletionTimestamp === undefined)
      const location = namespace === undefined ? { name: name! } : { namespace, name: name! }
      const existing = namespaceReady ? await getIfPresent(client.resource(object.ref), location) : undefined
      return { object, existing, namespaceReady }
    },
    decide: decideBootstrap,
    async act({ type, ref, object }) {
      const resource = client.resource(ref)
      const { name, namespace, uid } = object.metadata
      if (type === 'create') await createIfAbsent(resource, object)
      else if (type === 'update') await resource.update(object)
      else {
        const key = namespace === undefined ? { name: name! } : { namespace, name: name! }
        await deleteIfPresent(resource, key, { preconditions: { uid: uid! } })
      }
    },
    settled(key, { namespaceReady }) {
      if (namespaceReady && missing.delete(key) && missing.size === 0) onBootstrapped()
    },
  })
}

/** The namespace itself and what is in it. */
function keysOfNamespace(keys: readonly string[], namespace: string): string[] {
  return keys.filter((key) => {
    const [kind, first, second] = key.split('/')
    return first === namespace && (kind === 'Namespace' || second !== undefined)
  })
}
