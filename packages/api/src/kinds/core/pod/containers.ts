// The containers of a pod: app, init (with sidecars) and ephemeral ones.

import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notFoundField,
  notSupported,
  required,
} from '../../../field-error.ts'
import { named, unsupported } from '../../../validate/fields.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { isDNS1123Label } from '../../../validate/names.ts'
import { validateEnv, validateEnvFrom } from './env.ts'
import { validateDevices, validateMounts } from './mounts.ts'
import { validateHostPortConflicts, validatePorts } from './ports.ts'
import { validateLifecycle, validateProbes } from './probes.ts'
import { validateResizePolicy, validateResources } from './resources.ts'
import { validateContainerSecurity } from './security.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError']
const APP_ONLY = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']
const NOT_EPHEMERAL = ['ports', 'resources', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle']

/** What the rules of one container need to know of its pod. */
export interface PodContext {
  spec: Json
  volumes: ReadonlyMap<string, Json>
  claimNames: ReadonlySet<string>
  graceSeconds: number | undefined
}

export function validateContainers(pod: PodContext, field: string): FieldError[] {
  const containers = listOf(pod.spec.containers)
  if (containers.length === 0) return [required(field)]
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, container] of containers.entries()) {
    const at = `${field}[${i}]`
    errors.push(...validateContainer(container, pod, at))
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name))
    names.add(container.name)
    errors.push(...validateLifecycle(container.lifecycle, pod.graceSeconds, `${at}.lifecycle`))
    errors.push(...validateProbes(container, pod.graceSeconds, at))
    if (isSet(container.restartPolicy)) {
      errors.push(forbiddenField(`${at}.restartPolicy`, 'may not be set for non-init containers'))
    }
  }
  return errors.concat(validateHostPortConflicts(containers, field))
}

export function validateInitContainers(pod: PodContext, field: string): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set(listOf(pod.spec.containers).map((container) => container.name))
  for (const [i, container] of listOf(pod.spec.initContainers).entries()) {
    const at = `${field}[${i}]`
    errors.push(...validateContainer(container, pod, at))
    const policy = container.restartPolicy
    if (isSet(policy) && policy !== 'Always') {
      errors.push(notSupported(`${at}.restartPolicy`, policy, ['Always']))
    }
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name))
    else if (container.name) names.add(container.name)
    errors.push(...validateHostPortConflicts([container], field))
    if (policy === 'Always') {
      errors.push(...validateLifecycle(container.lifecycle, pod.graceSeconds, `${at}.lifecycle`))
      errors.push(...validateProbes(container, pod.graceSeconds, at))
    } else {
      const why = 'may not be set for init containers without restartPolicy=Always'
      for (const name of APP_ONLY) {
        if (container[name]) errors.push(forbiddenField(`${at}.${name}`, why))
      }
    }
    if (listOf(container.resizePolicy).length > 0) {
      const why = 'must not be set for init containers'
      errors.push(invalid(`${at}.resizePolicy`, container.resizePolicy, why))
    }
  }
  return errors
}

export function validateEphemeralContainers(pod: PodContext, field: string): FieldError[] {
  const errors: FieldError[] = []
  const others = [...listOf(pod.spec.containers), ...listOf(pod.spec.initContainers)]
  const otherNames = new Set(others.map((container) => container.name))
  const names = new Set(otherNames)
  const why = 'cannot be set for an Ephemeral Container'
  for (const [i, container] of listOf(pod.spec.ephemeralContainers).entries()) {
    const at = `${field}[${i}]`
    errors.push(...validateContainer(container, pod, at))
    errors.push(...validateImageSpaces(container, at))
    if (names.has(container.name)) errors.push(duplicate(`${at}.name`, container.name))
    names.add(container.name)
    const target = container.targetContainerName
    if (target && !otherNames.has(target)) errors.push(notFoundField(`${at}.targetContainerName`, target))
    for (const name of NOT_EPHEMERAL) {
      if (!isEmpty(container[name])) errors.push(forbiddenField(`${at}.${name}`, why))
    }
    for (const name of ['resizePolicy', 'restartPolicy']) {
      if (!isEmpty(container[name])) errors.push(forbiddenField(`${at}.${name}`, why))
    }
    for (const [j, mount] of listOf(container.volumeMounts).entries()) {
      for (const name of ['subPath', 'subPathExpr']) {
        if (mount[name]) errors.push(forbiddenField(`${at}.volumeMounts[${j}].${name}`, why))
      }
    }
  }
  return errors
}

/** Pods only: a template may hold a placeholder. */
export function validateImageSpaces(container: Json, field: string): FieldError[] {
  const image: string = container.image ?? ''
  if (image.trim() === image) return []
  return [invalid(`${field}.image`, image, 'must not have leading or trailing whitespace')]
}

function validateContainer(container: Json, pod: PodContext, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!container.name) errors.push(required(`${field}.name`))
  else errors.push(...named(`${field}.name`, container.name, isDNS1123Label))
  if (!container.image) errors.push(required(`${field}.image`))
  const messages = container.terminationMessagePolicy
  if (!messages) errors.push(required(`${field}.terminationMessagePolicy`))
  else if (!MESSAGE_POLICIES.includes(messages)) {
    errors.push(unsupported(`${field}.terminationMessagePolicy`, messages, MESSAGE_POLICIES))
  }
  errors.push(...validatePorts(container.ports, `${field}.ports`))
  errors.push(...validateEnv(container.env, `${field}.env`))
  errors.push(...validateEnvFrom(container.envFrom, `${field}.envFrom`))
  errors.push(...validateMounts(container, pod.volumes, `${field}.volumeMounts`))
  errors.push(...validateDevices(container, pod.volumes, `${field}.volumeDevices`))
  const pull = container.imagePullPolicy
  if (!pull) errors.push(required(`${field}.imagePullPolicy`))
  else if (!PULL_POLICIES.includes(pull)) {
    errors.push(notSupported(`${field}.imagePullPolicy`, pull, PULL_POLICIES))
  }
  errors.push(...validateResources(container.resources, pod.claimNames, `${field}.resources`))
  errors.push(
    ...validateResizePolicy(container.resizePolicy, pod.spec.restartPolicy, `${field}.resizePolicy`),
  )
  const hostUsers = pod.spec.hostUsers !== false
  return errors.concat(
    validateContainerSecurity(container.securityContext, `${field}.securityContext`, hostUsers),
  )
}

function isSet(value: Json): boolean {
  return value !== undefined && value !== null
}

function isEmpty(value: Json): boolean {
  return !isSet(value) || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}
