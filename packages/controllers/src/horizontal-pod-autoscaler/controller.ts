// HorizontalPodAutoscalers: each looks at its target every fifteen seconds.

import type { KubeObject } from '@brume/api/object'
import type { LabelSelector } from '@brume/api/selectors/label-selector'
import { isStatus } from '@brume/base/errors'
import { deepEqual } from '@brume/base/values'
import { HORIZONTAL_POD_AUTOSCALERS, PODS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { keyOf } from '@brume/client/resource-ref'
import type { WorkloadDependencies } from '../pod-control/dependencies.ts'
import { textOf } from '../pod-control/pod-control.ts'
import { type AutoscalerAction, decideAutoscaler, type ObservedAutoscaler } from './decide.ts'
import type { History } from './history.ts'
import { observeAutoscaler } from './observe.ts'
import { findTarget } from './target.ts'

const WORKERS = 5

export function horizontalPodAutoscalers({
  client,
  informers,
  clock,
  logger,
}: WorkloadDependencies): ControllerSpec {
  const autoscalers = informers.for(HORIZONTAL_POD_AUTOSCALERS)
  const pods = informers.for(PODS)
  const histories = new Map<string, History>()
  const selectors = new Map<string, LabelSelector>()
  const events = new EventRecorder({ client, component: 'horizontal-pod-autoscaler', clock, logger })
  const resource = client.resource(HORIZONTAL_POD_AUTOSCALERS)
  const say = (autoscaler: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string) =>
    events.record(
      { ...autoscaler, apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
      { type, reason, message },
    )
  const act = async (action: AutoscalerAction): Promise<void> => {
    const { autoscaler } = action
    switch (action.type) {
      case 'remember':
        histories.set(keyOf(autoscaler), action.history)
        return
      case 'setStatus':
        await resource.updateStatus({ ...autoscaler, status: action.status })
        return
      case 'say':
        return say(autoscaler, action.kind, action.reason, action.message)
      case 'scale':
        return scale(action)
    }
  }
  const scale = async (action: Extract<AutoscalerAction, { type: 'scale' }>) => {
    const { autoscaler, replicas, reason, failed } = action
    const { apiVersion = '', kind, name } = autoscaler['spec'].scaleTargetRef
    const key = { namespace: autoscaler.metadata.namespace!, name }
    const body = { ...action.scale, spec: { ...action.scale['spec'], replicas } }
    try {
      const ref = await findTarget(client, apiVersion, kind)
      await client.resource(ref).updateSubresource(key, 'scale', body)
    } catch (error) {
      // The target changed since it was looked at: the next look is at once.
      if (isStatus(error, 'Conflict')) throw error
      const message = `New size: ${replicas}; reason: ${reason}; error: ${textOf(error)}`
      await say(autoscaler, 'Warning', 'FailedRescale', message)
      await resource.updateStatus({ ...autoscaler, status: withFailure(failed, textOf(error)) })
      throw error
    }
  }
  return defineController<ObservedAutoscaler, AutoscalerAction>({
    name: 'horizontal-pod-autoscaler',
    workers: WORKERS,
    sources: [
      {
        start(enqueue) {
          const forget = autoscalers.addHandler({
            delete(autoscaler) {
              histories.delete(keyOf(autoscaler))
              selectors.delete(keyOf(autoscaler))
            },
          })
          // Its own status wakes nobody: the clock does.
          const stop = fromInformer(autoscalers, (object, before) =>
            before !== undefined && deepEqual(before['spec'], object['spec']) ? [] : [keyOf(object)],
          ).start(enqueue)
          return () => {
            forget()
            stop()
          }
        },
        synced: () => autoscalers.synced(),
      },
      { start: () => () => {}, synced: () => pods.synced() },
    ],
    observe: (key) =>
      observeAutoscaler(
        {
          client,
          get: (wanted) => autoscalers.store.getByKey(wanted),
          podsIn: (namespace) => pods.store.list(namespace),
          history: (wanted) => histories.get(wanted),
          selectors,
        },
        key,
      ),
    decide: decideAutoscaler,
    act,
  })
}

// biome-ignore lint/suspicious/noExplicitAny: a status that decide made
function withFailure(status: any, error: string): object {
  const message = `the HPA controller was unable to update the target scale: ${error}`
  return {
    ...status,
    conditions: status.conditions.map((condition: { type: string }) =>
      condition.type === 'AbleToScale'
        ? { ...condition, status: 'False', reason: 'FailedUpdateScale', message }
        : condition,
    ),
  }
}
