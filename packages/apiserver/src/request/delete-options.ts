// DeleteOptions, from the body (any encoding) or from the query.

import { type FieldError, invalid, invalidObject, notSupported } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import { schemaFor } from '@brume/api/schema/compile'
import { badRequest } from '@brume/base/errors'
import type { ApiRequest } from '../http/types.ts'
import { decodeTyped, parseBody } from './decode.ts'
import { isTrue } from './info.ts'

export type Propagation = 'Background' | 'Foreground' | 'Orphan'

export interface DeleteOptions {
  gracePeriodSeconds: number | undefined
  /** undefined: the kind's own default, or what finalizers say. */
  propagation: Propagation | undefined
  uid: string | undefined
  resourceVersion: string | undefined
  dryRun: boolean
}

const SCHEMA = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'

/** Throws 400 for an unreadable body, 422 for a bad combination. */
export async function parseDeleteOptions(request: ApiRequest): Promise<DeleteOptions> {
  const bytes = await request.readBody()
  const given = bytes.length > 0 ? fromBody(bytes, request.headers['content-type']) : fromQuery(request.query)
  const options = judgeDeleteOptions(given)
  return { ...options, dryRun: options.dryRun || request.query.getAll('dryRun').includes('All') }
}

/** Of a decoded DeleteOptions. Throws 422 for a bad combination. */
export function judgeDeleteOptions(given: GivenDeleteOptions): DeleteOptions {
  const errors = errorsOf(given)
  if (errors.length > 0)
    throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions', name: '' }, errors)
  return {
    gracePeriodSeconds: given.gracePeriodSeconds,
    propagation: propagationOf(given),
    uid: given.preconditions?.uid,
    resourceVersion: given.preconditions?.resourceVersion,
    dryRun: (given.dryRun ?? []).length > 0,
  }
}

export interface GivenDeleteOptions {
  gracePeriodSeconds?: number
  orphanDependents?: boolean
  propagationPolicy?: string
  preconditions?: { uid?: string; resourceVersion?: string }
  dryRun?: string[]
}

function fromBody(bytes: Buffer, contentType: string | undefined): GivenDeleteOptions {
  const { value } = parseBody(bytes, contentType, { kind: 'DeleteOptions', schema: schemaFor(SCHEMA) })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the body is not a DeleteOptions object')
  }
  const kind = (value as KubeObject).kind
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions') {
    throw badRequest(`decoded object cannot be converted to DeleteOptions: got ${String(kind)}`)
  }
  const of = { group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions' }
  return decodeTyped(value, schemaFor(SCHEMA), of).value as GivenDeleteOptions
}

function fromQuery(query: URLSearchParams): GivenDeleteOptions {
  const given: GivenDeleteOptions = {}
  const grace = query.get('gracePeriodSeconds')
  if (grace !== null && grace !== '') {
    if (!/^-?\d{1,15}$/.test(grace)) throw badRequest(`strconv.ParseInt: parsing "${grace}": invalid syntax`)
    given.gracePeriodSeconds = Number(grace)
  }
  const policy = query.get('propagationPolicy')
  if (policy) given.propagationPolicy = policy
  const orphan = query.get('orphanDependents')
  if (orphan !== null) given.orphanDependents = isTrue(orphan)
  given.dryRun = query.getAll('dryRun')
  return given
}

function errorsOf(given: GivenDeleteOptions): FieldError[] {
  const errors: FieldError[] = []
  const { propagationPolicy: policy, orphanDependents } = given
  if (policy !== undefined && orphanDependents !== undefined) {
    errors.push(
      invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    )
  }
  if (policy !== undefined && !['Background', 'Foreground', 'Orphan'].includes(policy)) {
    errors.push(notSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']))
  }
  const wrong = (given.dryRun ?? []).filter((value) => value !== 'All')
  if (wrong.length > 0) errors.push(notSupported('dryRun', given.dryRun, ['All']))
  if ((given.gracePeriodSeconds ?? 0) < 0) {
    // A negative wish counts as 1 second, as in Kubernetes.
    given.gracePeriodSeconds = 1
  }
  return errors
}

function propagationOf({ propagationPolicy, orphanDependents }: GivenDeleteOptions): Propagation | undefined {
  if (orphanDependents !== undefined) return orphanDependents ? 'Orphan' : 'Background'
  return propagationPolicy as Propagation | undefined
}
