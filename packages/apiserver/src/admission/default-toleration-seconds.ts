// A pod stays five minutes on a node that is not ready or not reachable, unless it says otherwise.

import { concerns } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

const SECONDS = 300
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

interface Toleration {
  key?: string
  effect?: string
}

export function defaultTolerationSeconds(): AdmissionPlugin {
  return {
    name: 'DefaultTolerationSeconds',
    mutate(request) {
      if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return
      const spec = request.object?.['spec']
      if (!concerns(request, '', 'pods') || spec === undefined) return
      const tolerations: Toleration[] = spec.tolerations ?? []
      const missing = TAINTS.filter((taint) => !tolerations.some((own) => tolerates(own, taint)))
      if (missing.length === 0) return
      const added = missing.map((key) => ({
        ...{ key, operator: 'Exists', effect: 'NoExecute' },
        tolerationSeconds: SECONDS,
      }))
      spec.tolerations = [...tolerations, ...added]
    },
  }
}

function tolerates({ key = '', effect = '' }: Toleration, taint: string): boolean {
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '')
}
