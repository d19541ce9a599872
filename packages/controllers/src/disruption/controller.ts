// The disruption controller: keeps the status of PodDisruptionBudgets, which the eviction API obeys.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { PODS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { keyOf, type ResourceRef } from '@brume/client/resource-ref'
import type { Dependencies } from '../dependencies.ts'
import { type BudgetAction, decideBudget, type ObservedBudget, usesScale } from './decide.ts'
import { expectedPods, scalesOf } from './expected.ts'

export const POD_DISRUPTION_BUDGETS: ResourceRef = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
}

export function disruptionController({ client, informers, clock, logger }: Dependencies): ControllerSpec {
  const budgets = informers.for(POD_DISRUPTION_BUDGETS)
  const pods = informers.for(PODS)
  const scales = scalesOf(client, informers)
  const events = new EventRecorder({ client, component: 'controllermanager', clock, logger })
  const selects = (budget: KubeObject, { metadata }: KubeObject) =>
    fromStructured(budget['spec'].selector).matches(metadata.labels)
  return defineController<ObservedBudget, BudgetAction>({
    name: 'disruption',
    sources: [
      fromInformer(budgets),
      fromInformer(pods, (pod, previous) =>
        budgets.store
          .list(pod.metadata.namespace!)
          .filter((budget) => selects(budget, pod) || (previous !== undefined && selects(budget, previous)))
          .map(keyOf),
      ),
    ],
    async observe(key) {
      const budget = budgets.store.getByKey(key)
      if (budget === undefined) return undefined
      const own = pods.store.list(budget.metadata.namespace!).filter((pod) => selects(budget, pod))
      const counts = usesScale(budget['spec'])
      const expected = counts ? await expectedPods(own, scales) : { pods: own.length, unmanaged: [] }
      const typed = { ...budget, apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' }
      return { budget: typed, pods: own, expected }
    },
    decide: decideBudget,
    async act(action) {
      if (action.type === 'say') return void events.record(action.about, action.text)
      await client.resource(POD_DISRUPTION_BUDGETS).updateStatus({ ...action.budget, status: action.status })
    },
  })
}
