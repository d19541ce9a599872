// The directories of a node's own part of the data directory.

import { join } from 'node:path'
import type { NodeDirs } from '../contract.ts'

export function nodeDirsAt(root: string): NodeDirs {
  return {
    root,
    pods: join(root, 'pods'),
    logs: join(root, 'logs'),
    containerd: join(root, 'containerd'),
    cni: join(root, 'cni'),
    pki: join(root, 'pki'),
    manifests: join(root, 'manifests'),
  }
}
