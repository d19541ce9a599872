// Publishes the API server's authority in every namespace, as the ConfigMap that pods mount to trust it.

import type { KubeObject } from '@brume/api/object'
import { CONFIG_MAPS, NAMESPACES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { createIfAbsent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'

export interface ObservedRootCa {
  namespace: KubeObject
  configMap: KubeObject | undefined
  rootCaPem: string
}

export interface PublishRootCa {
  type: 'create' | 'update'
  configMap: KubeObject
}

export const ROOT_CA_NAME = 'kube-root-ca.crt'
const DESCRIPTION_KEY = 'kubernetes.io/description'
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

export function rootCaPublisher({ client, informers, rootCaPem }: Dependencies): ControllerSpec {
  const namespaces = informers.for(NAMESPACES)
  const configMaps = informers.for(CONFIG_MAPS, { fieldSelector: `metadata.name=${ROOT_CA_NAME}` })
  return defineController<ObservedRootCa, PublishRootCa>({
    name: 'root-ca-publisher',
    sources: [fromInformer(namespaces), fromInformer(configMaps, ({ metadata }) => [metadata.namespace!])],
    observe(name) {
      const namespace = namespaces.store.get('', name)
      return namespace && { namespace, configMap: configMaps.store.get(name, ROOT_CA_NAME), rootCaPem }
    },
    decide: decideRootCa,
    async act({ type, configMap }) {
      const resource = client.resource(CONFIG_MAPS)
      if (type === 'create') await createIfAbsent(resource, configMap)
      else await resource.update(configMap)
    },
  })
}

/** The description is kept as it is when someone has changed it, but never missing. */
export function decideRootCa({ namespace, configMap, rootCaPem }: ObservedRootCa): Plan<PublishRootCa> {
  if (namespace.metadata.deletionTimestamp !== undefined) return { actions: [] }
  const data = { 'ca.crt': rootCaPem }
  const described = { [DESCRIPTION_KEY]: DESCRIPTION }
  if (configMap === undefined) {
    const metadata = { name: ROOT_CA_NAME, namespace: namespace.metadata.name!, annotations: described }
    return {
      actions: [{ type: 'create', configMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } }],
    }
  }
  const annotations = configMap.metadata.annotations ?? {}
  const keys = Object.keys(configMap.data ?? {})
  const same = keys.length === 1 && configMap.data['ca.crt'] === rootCaPem
  if (same && annotations[DESCRIPTION_KEY] !== undefined) return { actions: [] }
  const metadata = { ...configMap.metadata, annotations: { ...described, ...annotations } }
  return { actions: [{ type: 'update', configMap: { ...configMap, metadata, data } }] }
}
