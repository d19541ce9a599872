// Which pods leave a node that is drained, which stay, and which nobody may end unasked. Pure. The rules and the names of
// the options are kubectl drain's.

import type { KubeObject } from '@brume/api/object'

export interface DrainOptions {
  force: boolean
  deleteEmptyDirData: boolean
}

export interface DrainPlan {
  goes: KubeObject[]
  stays: Judged[]
  refused: Refused[]
}

export interface Judged {
  pod: KubeObject
  why: string
}

export interface Refused extends Judged {
  flag: '--force' | '--delete-emptydir-data'
}

const MIRROR = 'kubernetes.io/config.mirror'
const SOURCE = 'kubernetes.io/config.source'

/** `daemonSets` are `namespace/name`. */
export function drainPlan(
  pods: readonly KubeObject[],
  daemonSets: ReadonlySet<string>,
  { force, deleteEmptyDirData }: DrainOptions,
): DrainPlan {
  const plan: DrainPlan = { goes: [], stays: [], refused: [] }
  for (const pod of pods) {
    const why = whyStays(pod, daemonSets)
    if (why !== undefined) {
      plan.stays.push({ pod, why })
      continue
    }
    const lost = isOver(pod) || isLeaving(pod) ? [] : losses(pod)
    const refused = lost.filter(({ flag }) => !(flag === '--force' ? force : deleteEmptyDirData))
    if (refused.length > 0) plan.refused.push(...refused)
    else plan.goes.push(pod)
  }
  return plan
}

export function podName({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`
}

function whyStays({ metadata }: KubeObject, daemonSets: ReadonlySet<string>): string | undefined {
  const { annotations = {}, namespace } = metadata
  if (annotations[MIRROR] !== undefined || annotations[SOURCE] === 'file')
    return 'a static pod, a file of the node'
  const owner = controllerOf(metadata)
  const isDaemon = owner?.kind === 'DaemonSet' && daemonSets.has(`${namespace}/${owner.name}`)
  return isDaemon ? `DaemonSet ${owner.name} keeps it on each node` : undefined
}

function losses(pod: KubeObject): Refused[] {
  const lost: Refused[] = []
  const owner = controllerOf(pod.metadata)
  if (owner === undefined) {
    lost.push({ pod, flag: '--force', why: 'no controller makes it again elsewhere' })
  } else if (owner.kind === 'DaemonSet') {
    lost.push({ pod, flag: '--force', why: `its DaemonSet ${owner.name} is gone` })
  }
  const volumes: { name: string; emptyDir?: object }[] = pod['spec']?.volumes ?? []
  const names = volumes.filter(({ emptyDir }) => emptyDir !== undefined).map(({ name }) => name)
  if (names.length > 0) {
    const what = `${names.length === 1 ? 'emptyDir' : 'emptyDirs'} ${names.join(', ')}`
    lost.push({ pod, flag: '--delete-emptydir-data', why: `the data of its ${what} goes with it` })
  }
  return lost
}

function controllerOf(metadata: KubeObject['metadata']): { kind: string; name: string } | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)
}

function isOver({ status }: KubeObject): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

function isLeaving({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}
