// Defaults of one container, whatever list of the pod it stands in.

import { type Json, listOf } from '../../../validate/json.ts'

export function defaultContainer(container: Json): void {
  container.imagePullPolicy ??= pullPolicyFor(container.image ?? '')
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  container.resources ??= {}
  for (const port of listOf(container.ports)) port.protocol ??= 'TCP'
  for (const variable of listOf(container.env)) {
    if (variable.valueFrom?.fieldRef) variable.valueFrom.fieldRef.apiVersion ??= 'v1'
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(container[name])
  for (const name of ['postStart', 'preStop']) defaultHttpGet(container.lifecycle?.[name]?.httpGet)
}

/** Requests that are not given are the limits. Pods only: a template keeps what it was given. */
export function defaultRequests(container: Json): void {
  const limits = container.resources?.limits
  if (limits === undefined || limits === null) return
  container.resources.requests = { ...limits, ...container.resources.requests }
}

/** Always for `:latest` and for no tag at all, unless a digest says which image it is. */
export function pullPolicyFor(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent'
  const tail = image.slice(image.lastIndexOf('/') + 1)
  const colon = tail.indexOf(':')
  return colon < 0 || tail.slice(colon + 1) === 'latest' ? 'Always' : 'IfNotPresent'
}

function defaultProbe(probe: Json): void {
  if (probe === undefined || probe === null) return
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  defaultHttpGet(probe.httpGet)
  if (probe.grpc) probe.grpc.service ??= ''
}

function defaultHttpGet(action: Json): void {
  if (action === undefined || action === null) return
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}
