// The ingress class that every cluster has: the edge that runs beside the control plane.

import type { KubeObject } from '../object.ts'

export const BOOTSTRAP_INGRESS_CLASSES: readonly KubeObject[] = [
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'brume', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
    spec: { controller: 'brume.dev/ingress' },
  },
]
