// The pod of a DaemonSet for one node, and the node that a pod is for.

import type { KubeObject } from '@brume/api/object'
import { hashLabel, REVISION_HASH } from '../pod-control/history.ts'
import { podOf } from '../pod-control/template.ts'
import { tolerationsOf } from './node-fit.ts'

export const SET_KIND = { apiVersion: 'apps/v1', kind: 'DaemonSet' }
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'

/** It can be placed on that node only; the scheduler still looks whether there is room. */
export function daemonPod(set: KubeObject, node: string, revision: KubeObject): KubeObject {
  const pod = podOf(set['spec'].template, set, SET_KIND)
  const { spec } = pod
  const generation = set.metadata.annotations?.[TEMPLATE_GENERATION]
  const labels = {
    ...pod.metadata.labels,
    [REVISION_HASH]: hashLabel(revision),
    ...(generation === undefined ? {} : { 'pod-template-generation': generation }),
  }
  const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }]
  const nodeAffinity = { ...spec.affinity?.nodeAffinity, [REQUIRED]: { nodeSelectorTerms } }
  return {
    ...pod,
    metadata: { ...pod.metadata, labels },
    spec: { ...spec, affinity: { ...spec.affinity, nodeAffinity }, tolerations: tolerationsOf(spec) },
  }
}

/** Where it is, or where it is to go. */
export function nodeOfDaemon({ spec }: KubeObject): string | undefined {
  if (spec.nodeName) return spec.nodeName
  for (const { matchFields } of spec.affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? []) {
    for (const { key, operator, values } of matchFields ?? []) {
      if (key === 'metadata.name' && operator === 'In' && values?.length === 1) return values[0]
    }
  }
  return undefined
}

export function isOfRevision(pod: KubeObject, revision: KubeObject): boolean {
  return pod.metadata.labels?.[REVISION_HASH] === hashLabel(revision)
}
