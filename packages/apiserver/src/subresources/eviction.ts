// POST pods/NAME/eviction: a delete that PodDisruptionBudgets may refuse for now (429).

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { formatTime } from '@brume/base/clock'
import { isStatus, notFound, StatusError } from '@brume/base/errors'
import { deepClone } from '@brume/base/values'
import { changeObject } from '../handlers/change.ts'
import { type RequestContext, targetOf } from '../handlers/context.ts'
import { deleteObject } from '../handlers/delete.ts'
import { respondStatus } from '../handlers/respond.ts'
import { keyOf, objectOf } from '../registry/entries.ts'
import { type DeleteOptions, judgeDeleteOptions } from '../request/delete-options.ts'
import { parseWriteOptions } from '../request/options.ts'
import { checkBodyNames, readTypedBody } from './body.ts'
import type { Subresource } from './table.ts'

const EVICTION = {
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  typeName: 'io.k8s.api.policy.v1.Eviction',
}

export const eviction: Subresource = {
  async create(context) {
    const options = parseWriteOptions(context.request.query, {
      optionsKind: 'CreateOptions',
      userAgent: context.request.headers['user-agent'],
    })
    const body = await readTypedBody(context, EVICTION, options)
    checkBodyNames(body, context, 'Eviction')
    const pod = await currentPod(context)
    const given = judgeDeleteOptions(body['deleteOptions'] ?? {})
    const dryRun = options.dryRun || given.dryRun
    const deleteOptions: DeleteOptions = { ...given, dryRun }
    if (needsBudget(pod)) await spendBudget(context, pod, dryRun)
    await deleteObject(context, deleteOptions)
    return respondStatus(context, 201)
  },
}

async function currentPod(context: RequestContext): Promise<KubeObject> {
  const { definition, info, parts } = context
  const key = keyOf(definition, info.namespace, info.name)
  const entry = parts.store.getPending(key)
  if (entry !== undefined) return objectOf(entry)
  await parts.store.settled(key)
  throw notFound(targetOf(context))
}

/** Finished, pending and terminating pods are evicted without asking a budget. */
function needsBudget(pod: KubeObject): boolean {
  const phase = pod['status']?.phase
  return phase === 'Running' && pod.metadata.deletionTimestamp === undefined
}

async function spendBudget(context: RequestContext, pod: KubeObject, dryRun: boolean): Promise<void> {
  const { parts, info } = context
  const budgets = parts.reader
    .list('policy', 'poddisruptionbudgets', info.namespace)
    .filter((budget) => fromStructured(budget['spec']?.selector).matches(pod.metadata.labels ?? {}))
  if (budgets.length === 0) return
  if (budgets.length > 1) {
    throw new StatusError(
      'Unknown',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const [budget] = budgets
  if (!isReady(pod) && isHealthy(budget!)) return
  await takeDisruption(context, budget!, { podName: info.name, dryRun })
}

interface Condition {
  type: string
  status: string
}

function isReady(pod: KubeObject): boolean {
  const conditions: Condition[] = pod['status']?.conditions ?? []
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

/** An unready pod may go while its budget is met (or always, with AlwaysAllow). */
function isHealthy(budget: KubeObject): boolean {
  if (budget['spec']?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = budget['status'] ?? {}
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy
}

async function takeDisruption(
  context: RequestContext,
  budget: KubeObject,
  { podName, dryRun }: { podName: string; dryRun: boolean },
): Promise<void> {
  const definition = context.parts.registry.lookup('policy', 'v1', 'poddisruptionbudgets')!
  const info = {
    ...context.info,
    group: 'policy',
    resource: 'poddisruptionbudgets',
    name: budget.metadata.name!,
    subresource: 'status',
  }
  try {
    await changeObject(
      { ...context, definition, info },
      {
        options: { dryRun, fieldManager: 'brume-eviction' },
        restrict: (next) => next,
        validate: () => [],
        next(current) {
          const next = deepClone(current)
          delete next.metadata.resourceVersion
          const status = next['status'] ?? {}
          if ((status.observedGeneration ?? 0) < (next.metadata.generation ?? 0)) {
            throw refused(
              `The disruption budget ${budget.metadata.name} is still being processed by the server.`,
            )
          }
          if ((status.disruptionsAllowed ?? 0) <= 0) {
            const { currentHealthy = 0, desiredHealthy = 0 } = status
            throw refused(
              `The disruption budget ${budget.metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
            )
          }
          status.disruptionsAllowed -= 1
          status.disruptedPods = { ...status.disruptedPods, [podName]: formatTime(context.parts.clock.now()) }
          next['status'] = status
          return next
        },
      },
    )
  } catch (error) {
    if (isStatus(error, 'NotFound')) return
    throw error
  }
}

/** No Retry-After: Go clients would silently wait by it, and `kubectl drain` could neither say why nor give up. */
function refused(message: string): StatusError {
  return new StatusError(
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    { causes: [{ reason: 'DisruptionBudget', message }] },
  )
}
