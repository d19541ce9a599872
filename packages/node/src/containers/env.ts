// The variables of one container: envFrom first, then env over it, and the Services' where nothing else has the name.
// Order, expansion and wording are the kubelet's (pkg/kubelet/kubelet_pods).

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf, mapOf } from '@brume/api/validate/json'
import type { ContainerSpec, EnvVar, Pod, PodProblem } from '../contract.ts'
import { configProblem } from './config-problem.ts'
import type { EnvObjectKind, EnvObjects } from './env-objects.ts'
import { expand, lookup } from './expand.ts'
import { fieldValue } from './field-ref.ts'
import { resourceValue } from './resource-ref.ts'
import { serviceEnv } from './service-env.ts'
import type { NodeSettings } from './settings.ts'

export interface EnvOptions {
  pod: Pod
  container: ContainerSpec
  podIps: readonly string[]
  /** loadEnvObjects. */
  objects: EnvObjects
  /** All Services of the pod's namespace and of `default`; others do not matter. */
  services: readonly KubeObject[]
  settings: Pick<NodeSettings, 'hostIps' | 'allocatable'>
}

/** Throws PodProblem CreateContainerConfigError that names what is missing. */
export function environmentOf(options: EnvOptions): EnvVar[] {
  const { pod, container, services } = options
  const links = pod['spec'].enableServiceLinks !== false
  const ofServices = serviceEnv(services, pod.metadata.namespace ?? '', links)
  const values = new Map<string, string>()
  for (const source of listOf(container['envFrom'])) addAll(values, source, options.objects)
  const resolve = lookup(values, ofServices)
  for (const variable of listOf(container['env'])) {
    const { name, value = '', valueFrom } = variable
    if (value !== '' || valueFrom === undefined) {
      values.set(name, expand(value, resolve))
      continue
    }
    const found = sourceValue(valueFrom, options)
    if (found !== undefined) values.set(name, found)
  }
  for (const [name, value] of ofServices) if (!values.has(name)) values.set(name, value)
  return [...values].map(([key, value]) => ({ key, value }))
}

/** Every key of a ConfigMap or Secret. */
function addAll(values: Map<string, string>, source: Json, objects: EnvObjects): void {
  const { prefix = '', configMapRef, secretRef } = source
  const ref = configMapRef ?? secretRef
  if (ref === undefined) return
  const kind = configMapRef === undefined ? 'Secret' : 'ConfigMap'
  const object = objects(kind, ref.name ?? '')
  if (object === undefined) {
    if (ref.optional === true) return
    throw notFound(kind, ref.name ?? '')
  }
  for (const key of Object.keys(mapOf(object['data'])).sort()) {
    values.set(`${prefix}${key}`, dataOf(kind, object, key)!)
  }
}

/** undefined: optional, and not there. */
function sourceValue(from: Json, options: EnvOptions): string | undefined {
  const { pod, container, podIps, settings } = options
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = from
  if (fieldRef) return fieldValue(fieldRef.fieldPath, { pod, podIps, hostIps: settings.hostIps })
  if (resourceFieldRef) {
    return resourceValue(resourceFieldRef, { pod, container, allocatable: settings.allocatable })
  }
  if (configMapKeyRef) return keyValue('ConfigMap', configMapKeyRef, options)
  if (secretKeyRef) return keyValue('Secret', secretKeyRef, options)
  return ''
}

function keyValue(kind: EnvObjectKind, ref: Json, { pod, objects }: EnvOptions): string | undefined {
  const { name = '', key, optional } = ref
  const object = objects(kind, name)
  const value = object === undefined ? undefined : dataOf(kind, object, key)
  if (value !== undefined || optional === true) return value
  if (object === undefined) throw notFound(kind, name)
  throw configProblem(`couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${name}`)
}

function dataOf(kind: EnvObjectKind, object: KubeObject, key: string): string | undefined {
  const data = mapOf(object['data'])
  if (!Object.hasOwn(data, key)) return undefined
  return kind === 'ConfigMap' ? data[key] : Buffer.from(data[key] ?? '', 'base64').toString('utf8')
}

function notFound(kind: EnvObjectKind, name: string): PodProblem {
  return configProblem(`${kind.toLowerCase()} ${JSON.stringify(name)} not found`)
}
