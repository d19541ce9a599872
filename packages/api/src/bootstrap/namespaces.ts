// The namespaces that every cluster has.

import type { KubeObject } from '../object.ts'

export const BOOTSTRAP_NAMESPACES: readonly KubeObject[] = [
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
