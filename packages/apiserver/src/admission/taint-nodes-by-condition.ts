// A new node takes no pods before it has said that it is ready.

import { concerns } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

export function taintNodesByCondition(): AdmissionPlugin {
  return {
    name: 'TaintNodesByCondition',
    mutate(request) {
      const node = request.object
      if (request.operation !== 'CREATE' || node === undefined || !concerns(request, '', 'nodes')) return
      node['spec'] ??= {}
      const taints: { key?: string; effect?: string }[] = node['spec'].taints ?? []
      const isTainted = taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)
      if (!isTainted) node['spec'].taints = [...taints, { ...NOT_READY }]
    },
  }
}
