// What is wrong, each with a sentence and the command to run next. Pure.

import type { KubeObject } from '@brume/api/object'
import { conditionOf, conditionsOf } from '../conditions.ts'
import { edgeProblem } from '../edge-problem.ts'
import type { ObservedCloud } from './observe.ts'

export interface Problem {
  what: string
  next: string
}

/** Things take their time: younger objects are not reported for being on their way. */
const GRACE_MS = 60_000

export function findProblems(cloud: ObservedCloud, now: number): Problem[] {
  return [
    ...cloud.checks.filter(({ ok }) => !ok).map(({ name }) => unready(name)),
    ...cloud.nodes.flatMap(nodeProblems),
    ...cloud.namespaces.flatMap((namespace) => namespaceProblems(namespace, now)),
    ...cloud.definitions.flatMap(definitionProblems),
    ...cloud.classes.flatMap(edgeProblems),
    ...cloud.claims.flatMap((claim) => claimProblems(claim, now)),
    ...cloud.pods.flatMap((pod) => podProblems(pod, now)),
  ]
}

function unready(name: string): Problem {
  return { what: `the API server's check ${name} fails`, next: "kubectl get --raw '/readyz?verbose'" }
}

function nodeProblems(node: KubeObject): Problem[] {
  const name = node.metadata.name!
  const ready = conditionOf(node, 'Ready')
  const next = `kubectl describe node ${name}`
  if (ready?.status !== 'True') {
    return [
      { what: `node ${name} is not ready${because(ready?.message ?? 'it has not reported yet')}`, next },
    ]
  }
  const pressures = conditionsOf(node).filter(({ type, status }) => type !== 'Ready' && status === 'True')
  return pressures.map(({ type, message }) => ({ what: `node ${name} has ${type}${because(message)}`, next }))
}

/** The condition that says what holds a namespace back, if there is one. */
function namespaceProblems(namespace: KubeObject, now: number): Problem[] {
  const { name, deletionTimestamp } = namespace.metadata
  if (deletionTimestamp === undefined || now - Date.parse(deletionTimestamp) < GRACE_MS) return []
  const blocker = conditionsOf(namespace)
    .filter(({ status }) => status === 'True')
    .at(-1)
  const what = `namespace ${name} is still being deleted${because(blocker?.message)}`
  return [{ what, next: `kubectl get namespace ${name} -o yaml` }]
}

function definitionProblems(definition: KubeObject): Problem[] {
  const name = definition.metadata.name!
  const failed =
    conditionsOf(definition).find(
      ({ type, status }) => type === 'NonStructuralSchema' && status === 'True',
    ) ?? conditionsOf(definition).find(({ type, status }) => type === 'NamesAccepted' && status === 'False')
  if (failed === undefined) return []
  return [
    {
      what: `the kind ${name} is not served${because(failed.message)}`,
      next: `kubectl describe crd ${name}`,
    },
  ]
}

/** What the edge says of itself on its class. */
function edgeProblems(ingressClass: KubeObject): Problem[] {
  const problem = edgeProblem(ingressClass)
  return problem === undefined
    ? []
    : [{ what: `the HTTP edge does not serve: ${problem.what}`, next: problem.next }]
}

function claimProblems(claim: KubeObject, now: number): Problem[] {
  if (claim.status?.phase !== 'Pending' || isYoung(claim, now)) return []
  return [
    {
      what: `volume claim ${nameOf(claim)} is not bound`,
      next: `kubectl describe pvc --namespace ${claim.metadata.namespace} ${claim.metadata.name}`,
    },
  ]
}

function podProblems(pod: KubeObject, now: number): Problem[] {
  const why = podTrouble(pod, now)
  if (why === undefined) return []
  const next = `kubectl describe pod --namespace ${pod.metadata.namespace} ${pod.metadata.name}`
  return [{ what: `pod ${nameOf(pod)} ${why}`, next }]
}

function podTrouble(pod: KubeObject, now: number): string | undefined {
  const { phase, message, reason } = pod.status ?? {}
  if (phase === 'Succeeded' || isYoung(pod, now)) return undefined
  if (phase === 'Failed') return `has failed${because(message ?? reason)}`
  const scheduled = conditionOf(pod, 'PodScheduled')
  if (scheduled?.status === 'False') return `has no node${because(scheduled.message)}`
  if (phase === 'Pending' && !pod.spec?.nodeName) return 'has no node yet'
  for (const container of pod.status?.containerStatuses ?? []) {
    const waiting = container.state?.waiting
    if (waiting?.reason !== undefined && waiting.reason !== 'ContainerCreating') {
      return `waits with ${waiting.reason}${because(waiting.message)}`
    }
  }
  return phase === 'Pending' ? 'has not started' : undefined
}

function isYoung({ metadata }: KubeObject, now: number): boolean {
  return now - Date.parse(metadata.creationTimestamp ?? '') < GRACE_MS
}

function because(why: string | undefined): string {
  return why === undefined || why === '' ? '' : `: ${why}`
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`
}
