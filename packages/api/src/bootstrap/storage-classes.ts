// The storage class that every cluster has: directories of the node that a pod runs on.

import type { KubeObject } from '../object.ts'

export const BOOTSTRAP_STORAGE_CLASSES: readonly KubeObject[] = [
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'brume.dev/local',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  },
]
