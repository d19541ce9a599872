// The pods of a node.

import type { KubeObject } from '@brume/api/object'
import type { Informer } from '@brume/client/informer'

const ON_NODE = 'on-node'

export function podsOn(pods: Informer): (node: string) => KubeObject[] {
  pods.addIndex(ON_NODE, (pod) => (pod['spec'].nodeName ? [pod['spec'].nodeName] : []))
  return (node) => pods.store.byIndex(ON_NODE, node)
}
