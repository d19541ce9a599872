// References from the environment and from downward API volumes to fields and resources of the pod.

import { type FieldError, invalid, notSupported, required } from '../../../field-error.ts'
import { named } from '../../../validate/fields.ts'
import type { Json } from '../../../validate/json.ts'
import { isQualifiedName } from '../../../validate/names.ts'

export const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

export const VOLUME_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.uid',
]

const KNOWN_FIELDS = new Set([
  ...ENV_FIELDS,
  ...VOLUME_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
])

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [
  `limits.${name}`,
  `requests.${name}`,
])
const HUGE_PAGES = /^(limits|requests)\.hugepages-/
const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

/** `fieldRef`: `supported` are the paths without a subscript. */
export function validateFieldRef(ref: Json, supported: readonly string[], field: string): FieldError[] {
  if (!ref.apiVersion) return [required(`${field}.apiVersion`)]
  if (!ref.fieldPath) return [required(`${field}.fieldPath`)]
  const at = `${field}.fieldPath`
  const path: string = ref.fieldPath === 'spec.host' ? 'spec.nodeName' : ref.fieldPath
  const { base, subscript } = splitSubscript(path)
  const conversion = (why: string) => [invalid(at, ref.fieldPath, `error converting fieldPath: ${why}`)]
  if (ref.apiVersion !== 'v1') return conversion(`unsupported pod version: ${ref.apiVersion}`)
  const subscripted = base === 'metadata.annotations' || base === 'metadata.labels'
  if (subscript !== undefined && !subscripted) {
    return conversion(`field label does not support subscript: ${base}`)
  }
  if (subscript === undefined && !KNOWN_FIELDS.has(path)) {
    return conversion(`field label not supported: ${path}`)
  }
  if (subscript !== undefined) {
    return named(
      field,
      base === 'metadata.annotations' ? subscript.toLowerCase() : subscript,
      isQualifiedName,
    )
  }
  return supported.includes(path) ? [] : [notSupported(at, path, supported)]
}

/** `resourceFieldRef`; in a volume the container must be named. */
export function validateResourceRef(ref: Json, field: string, inVolume: boolean): FieldError[] {
  const errors: FieldError[] = []
  const resource: string = ref.resource ?? ''
  if (inVolume && !ref.containerName) errors.push(required(`${field}.containerName`))
  else if (resource === '') errors.push(required(`${field}.resource`))
  else if (!RESOURCES.includes(resource) && !HUGE_PAGES.test(resource)) {
    errors.push(notSupported(`${field}.resource`, resource, RESOURCES))
  }
  return errors.concat(validateDivisor(resource, ref.divisor, field))
}

function validateDivisor(resource: string, divisor: string | undefined, field: string): FieldError[] {
  if (divisor === undefined || divisor === '' || divisor === '0') return []
  const wrong = (values: string, kind: string) => [
    invalid(
      `${field}.divisor`,
      resource,
      `only divisor's values ${values} are supported with the ${kind} resource`,
    ),
  ]
  if (resource.endsWith('.cpu')) return ['1m', '1'].includes(divisor) ? [] : wrong('1m and 1', 'cpu')
  if (BYTE_DIVISORS.includes(divisor)) return []
  const values = BYTE_DIVISORS.join(', ')
  if (resource.endsWith('.memory')) return wrong(values, 'memory')
  if (resource.endsWith('.ephemeral-storage')) return wrong(values, 'local ephemeral storage')
  return HUGE_PAGES.test(resource) ? wrong(values, 'hugepages') : []
}

/** `metadata.labels['a']` -> metadata.labels, a. */
function splitSubscript(path: string): { base: string; subscript?: string } {
  const open = path.indexOf("['")
  if (open < 0 || !path.endsWith("']")) return { base: path }
  return { base: path.slice(0, open), subscript: path.slice(open + 2, -2) }
}
