// A static pod's manifest: one pod, as YAML or JSON, in a file of the node's manifest directory. What the file says
// becomes a mirror pod of the API, which is how everybody sees it.

import { createHash } from 'node:crypto'
import { parseYamlBody } from '@brume/api/codec/yaml'
import type { KubeObject } from '@brume/api/object'

export interface Manifest {
  path: string
  /** Without the owner, which is the Node. */
  pod: KubeObject
  /** Another whenever the file says something else. */
  hash: string
}

export interface BadManifest {
  path: string
  problem: string
}

export const HASH = 'kubernetes.io/config.hash'
export const MIRROR = 'kubernetes.io/config.mirror'
export const SOURCE = 'kubernetes.io/config.source'

const HASH_LETTERS = 32

/** `text` is the file's content. */
export function readManifest(path: string, text: string, nodeName: string): Manifest | BadManifest {
  const bad = (problem: string): BadManifest => ({ path, problem })
  let value: unknown
  try {
    value = parseYamlBody(text).value
  } catch (error) {
    return bad(`it cannot be read: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null) return bad('it is empty: a manifest holds one pod')
  const object = value as KubeObject
  if (object.apiVersion !== 'v1' || object.kind !== 'Pod') {
    return bad(`it holds a ${object.kind ?? 'thing without a kind'}, and only a v1 Pod can be static`)
  }
  const name = object.metadata?.name
  if (typeof name !== 'string' || name === '') return bad('the pod has no name')
  if (typeof object['spec'] !== 'object' || object['spec'] === null) return bad('the pod has no spec')
  const hash = createHash('sha256')
    .update(JSON.stringify([nodeName, path, object]))
    .digest('hex')
    .slice(0, HASH_LETTERS)
  return { path, pod: mirrorOf(object, nodeName, hash), hash }
}

/** Nobody but this node may run it, and no taint drives it away. */
function mirrorOf(object: KubeObject, nodeName: string, hash: string): KubeObject {
  const { name, namespace, labels, annotations } = object.metadata
  const spec = object['spec']
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${nodeName}`,
      namespace: namespace ?? 'default',
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [HASH]: hash, [MIRROR]: hash, [SOURCE]: 'file' },
    },
    spec: {
      ...spec,
      nodeName,
      tolerations: [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
    },
  }
}
