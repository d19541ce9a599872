// A node's four conditions. Types, reasons and the plain messages are Kubernetes'; where something is wrong the message
// goes on to say what.

import { formatTime } from '@brume/base/clock'

export interface Health {
  /** Why no container can be started; empty: nothing is wrong. */
  problems: readonly string[]
  /** What runs short, as a sentence; absent: enough of it. */
  pressure: Readonly<Partial<Record<'memory' | 'disk' | 'pid', string>>>
}

export interface NodeCondition {
  type: string
  status: string
  reason?: string
  message?: string
  lastHeartbeatTime?: string
  lastTransitionTime?: string
}

/** What is said as an Event when a condition turns. */
export interface ConditionChange {
  reason: string
  message: string
}

interface Rule {
  type: string
  pressure: keyof Health['pressure']
  bad: { reason: string; message: string; event: string }
  good: { reason: string; message: string; event: string }
}

const PRESSURES: readonly Rule[] = [
  {
    type: 'MemoryPressure',
    pressure: 'memory',
    bad: {
      reason: 'KubeletHasInsufficientMemory',
      message: 'kubelet has insufficient memory available',
      event: 'NodeHasInsufficientMemory',
    },
    good: {
      reason: 'KubeletHasSufficientMemory',
      message: 'kubelet has sufficient memory available',
      event: 'NodeHasSufficientMemory',
    },
  },
  {
    type: 'DiskPressure',
    pressure: 'disk',
    bad: {
      reason: 'KubeletHasDiskPressure',
      message: 'kubelet has disk pressure',
      event: 'NodeHasDiskPressure',
    },
    good: {
      reason: 'KubeletHasNoDiskPressure',
      message: 'kubelet has no disk pressure',
      event: 'NodeHasNoDiskPressure',
    },
  },
  {
    type: 'PIDPressure',
    pressure: 'pid',
    bad: {
      reason: 'KubeletHasInsufficientPID',
      message: 'kubelet has insufficient PID available',
      event: 'NodeHasInsufficientPID',
    },
    good: {
      reason: 'KubeletHasSufficientPID',
      message: 'kubelet has sufficient PID available',
      event: 'NodeHasSufficientPID',
    },
  },
]

/** All conditions of the node: ours anew (Ready last, as clients expect), others' as they were. Times are `now`. */
export function conditionsOf(
  { problems, pressure }: Health,
  existing: readonly NodeCondition[],
  now: number,
): NodeCondition[] {
  const time = formatTime(now)
  const turned = (
    condition: Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>,
  ): NodeCondition => {
    const before = existing.find(({ type }) => type === condition.type)
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined
    return { ...condition, lastHeartbeatTime: time, lastTransitionTime: since ?? time }
  }
  const ours = PRESSURES.map(({ type, pressure: of, bad, good }) => {
    const why = pressure[of]
    if (why === undefined)
      return turned({ type, status: 'False', reason: good.reason, message: good.message })
    return turned({ type, status: 'True', reason: bad.reason, message: `${bad.message}: ${why}` })
  })
  const ready =
    problems.length === 0
      ? turned({
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'kubelet is posting ready status',
        })
      : turned({ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: problems.join('; ') })
  const types = new Set([...ours.map(({ type }) => type), 'Ready'])
  return [...existing.filter(({ type }) => !types.has(type)), ...ours, ready]
}

/** What turned between two sets of conditions, in Kubernetes' words for it. A node's first ones turn too. */
export function conditionChanges(
  nodeName: string,
  before: readonly NodeCondition[],
  after: readonly NodeCondition[],
): ConditionChange[] {
  const changes: ConditionChange[] = []
  for (const { type, status } of after) {
    const was = before.find((condition) => condition.type === type)
    if (was?.status === status) continue
    const rule = PRESSURES.find((pressure) => pressure.type === type)
    const reason =
      rule === undefined
        ? type === 'Ready'
          ? readyEvent(was, status)
          : undefined
        : (status === 'True' ? rule.bad : rule.good).event
    if (reason !== undefined) changes.push({ reason, message: `Node ${nodeName} status is now: ${reason}` })
  }
  return changes
}

function readyEvent(was: NodeCondition | undefined, status: string): string | undefined {
  if (status === 'True') return 'NodeReady'
  return was === undefined ? undefined : 'NodeNotReady'
}
