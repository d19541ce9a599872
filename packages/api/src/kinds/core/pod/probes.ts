// Probes and lifecycle hooks: one handler each, sane numbers.

import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../field-error.ts'
import { nonnegative, POSITIVE_MESSAGE } from '../../../validate/fields.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { isHTTPHeaderName } from '../../../validate/names.ts'
import { validatePortOrName } from './ports.ts'

const NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

/** All three probes of a container. `graceSeconds` is the pod's terminationGracePeriodSeconds. */
export function validateProbes(
  container: Json,
  graceSeconds: number | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name]
    if (!probe) continue
    const at = `${field}.${name}`
    errors.push(...validateProbe(probe, graceSeconds, at))
    if (name === 'readinessProbe') {
      if (probe.terminationGracePeriodSeconds === undefined) continue
      const value = probe.terminationGracePeriodSeconds
      errors.push(
        invalid(`${at}.terminationGracePeriodSeconds`, value, 'must not be set for readinessProbes'),
      )
    } else if ((probe.successThreshold ?? 0) !== 1) {
      errors.push(invalid(`${at}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'))
    }
  }
  return errors
}

export function validateLifecycle(
  lifecycle: Json,
  graceSeconds: number | undefined,
  field: string,
): FieldError[] {
  if (!lifecycle) return []
  return ['postStart', 'preStop'].flatMap((name) =>
    lifecycle[name] ? validateHandler(lifecycle[name], graceSeconds, `${field}.${name}`) : [],
  )
}

function validateProbe(probe: Json, graceSeconds: number | undefined, field: string): FieldError[] {
  const errors = validateHandler(probe, graceSeconds, field)
  for (const name of NUMBERS) errors.push(...nonnegative(probe[name], `${field}.${name}`))
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace !== null && grace <= 0) {
    errors.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, POSITIVE_MESSAGE))
  }
  return errors
}

function validateHandler(handler: Json, graceSeconds: number | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  const given = HANDLERS.filter((name) => handler[name])
  for (const [i, name] of given.entries()) {
    const at = `${field}.${name}`
    if (i > 0) errors.push(forbiddenField(at, 'may not specify more than 1 handler type'))
    else errors.push(...validateAction(name, handler[name], graceSeconds, at))
  }
  if (given.length === 0) errors.push(required(field, 'must specify a handler type'))
  return errors
}

function validateAction(
  name: (typeof HANDLERS)[number],
  action: Json,
  graceSeconds: number | undefined,
  field: string,
): FieldError[] {
  switch (name) {
    case 'exec':
      return listOf(action.command).length === 0 ? [required(`${field}.command`)] : []
    case 'httpGet':
      return validateHttpGet(action, field)
    case 'tcpSocket':
    case 'grpc':
      return validatePortOrName(action.port, `${field}.port`)
    case 'sleep':
      return validateSleep(action.seconds ?? 0, graceSeconds, field)
  }
}

function validateHttpGet(action: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!action.path) errors.push(required(`${field}.path`))
  errors.push(...validatePortOrName(action.port, `${field}.port`))
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS') {
    errors.push(notSupported(`${field}.scheme`, action.scheme ?? '', ['HTTP', 'HTTPS']))
  }
  for (const header of listOf(action.httpHeaders)) {
    for (const message of isHTTPHeaderName(header.name ?? '')) {
      errors.push(invalid(`${field}.httpHeaders`, header.name ?? '', message))
    }
  }
  return errors
}

function validateSleep(seconds: number, graceSeconds: number | undefined, field: string): FieldError[] {
  if (graceSeconds === undefined || (seconds > 0 && seconds <= graceSeconds)) return []
  const why = `must be greater than 0 and less than terminationGracePeriodSeconds (${graceSeconds}). Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.`
  return [invalid(field, seconds, why)]
}
