// Objects of requests and answers as they stand in events, where the policy asks for them: JSON, whatever they were sent
// as. What is too large, or cannot be read, is left out and the event says so.

import { parseJsonBody } from '@brume/api/codec/json'
import { decodeProtobuf } from '@brume/api/codec/protobuf'
import { parseApiVersion } from '@brume/api/resource'
import { schemaFor } from '@brume/api/schema/compile'
import { DecodeError } from '@brume/api/schema/decode'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { deepClone } from '@brume/base/values'
import type { ResourceRegistry } from '../registry/resources.ts'
import { mediaType } from '../request/decode.ts'
import { parseYamlBody } from '../request/yaml-body.ts'

/** Of both bodies of an event together; Kubernetes' own default when it truncates. */
export const MAX_BODIES_BYTES = 100 * 1024

/** What is sent to subresources, and answered, and is no resource of its own. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  'autoscaling/v1/Scale': 'io.k8s.api.autoscaling.v1.Scale',
  'policy/v1/Eviction': 'io.k8s.api.policy.v1.Eviction',
  'authentication.k8s.io/v1/TokenRequest': 'io.k8s.api.authentication.v1.TokenRequest',
  'v1/DeleteOptions': 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  'v1/Status': 'io.k8s.apimachinery.pkg.apis.meta.v1.Status',
}

export interface RecordedBody {
  bytes: Buffer | string
  contentType: string | undefined
}

/** undefined when it cannot be shown. */
export function shownBody(
  { bytes, contentType }: RecordedBody,
  { registry, omitManagedFields }: { registry: ResourceRegistry; omitManagedFields: boolean },
): unknown {
  try {
    const value = parsed(bytes, mediaType(contentType), registry)
    return omitManagedFields ? withoutManagedFields(value) : value
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function parsed(bytes: Buffer | string, type: string, registry: ResourceRegistry): unknown {
  if (type.includes('protobuf')) {
    const whole = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    return decodeProtobuf(whole, (apiVersion, kind) => schemaOf(registry, apiVersion, kind))
  }
  if (type.includes('yaml')) return parseYamlBody(bytes).value
  return parseJsonBody(bytes).value
}

function schemaOf(registry: ResourceRegistry, apiVersion: string, kind: string): ObjectSchema | undefined {
  const { group, version } = parseApiVersion(apiVersion)
  const known = registry.lookupKind(group, version, kind)
  if (known !== undefined) return known.schema
  const id = `${apiVersion}/${kind}`
  return Object.hasOwn(OTHER_TYPES, id) ? schemaFor(OTHER_TYPES[id]!) : undefined
}

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Of an object, and of the items of a list. */
function withoutManagedFields(value: unknown): unknown {
  if (!isFields(value)) return value
  const copy = deepClone(value)
  const items = Array.isArray(copy['items']) ? copy['items'] : []
  for (const each of [copy, ...items]) {
    if (isFields(each) && isFields(each['metadata'])) delete each['metadata']['managedFields']
  }
  return copy
}
