// Defaults of pods and of the pod templates inside workloads (Kubernetes' SetDefaults_Pod and SetDefaults_PodSpec).

import type { KubeObject } from '../../../object.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { defaultContainer, defaultRequests } from './container-defaults.ts'
import { defaultVolume } from './volume-defaults.ts'

export function defaultPod(pod: KubeObject): void {
  const spec = pod['spec']
  if (spec === undefined || spec === null) return
  defaultPodSpec(spec)
  spec.enableServiceLinks ??= true
  for (const container of [...listOf(spec.containers), ...listOf(spec.initContainers)]) {
    defaultRequests(container)
    if (spec.hostNetwork === true) defaultHostPorts(container)
  }
}

/** The template of a workload. */
export function defaultPodTemplate(template: Json): void {
  if (template?.spec) defaultPodSpec(template.spec)
}

export function defaultPodSpec(spec: Json): void {
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.restartPolicy ||= 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  spec.schedulerName ||= 'default-scheduler'
  const account = spec.serviceAccountName || spec.serviceAccount
  if (account) {
    spec.serviceAccountName = account
    spec.serviceAccount = account
  }
  for (const volume of listOf(spec.volumes)) defaultVolume(volume)
  for (const container of listOf(spec.initContainers)) defaultContainer(container)
  for (const container of listOf(spec.containers)) defaultContainer(container)
  for (const container of listOf(spec.ephemeralContainers)) defaultContainer(container)
}

function defaultHostPorts(container: Json): void {
  for (const port of listOf(container.ports)) port.hostPort ||= port.containerPort
}
