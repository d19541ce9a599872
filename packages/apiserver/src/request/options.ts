// Query parameters of the verbs, checked once.

import { type FieldError, forbiddenField, invalid, invalidObject, notSupported } from '@brume/api/field-error'
import { badRequest, StatusError } from '@brume/base/errors'
import { isTrue } from './info.ts'

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

export interface WriteOptions {
  dryRun: boolean
  fieldManager: string
  fieldValidation: FieldValidation
  force: boolean
}

const MAX_FIELD_MANAGER_LENGTH = 128

/** Manager as given, else from the User-Agent up to the first slash, as Kubernetes does. */
export function parseWriteOptions(
  query: URLSearchParams,
  of: { optionsKind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'; userAgent: string | undefined },
): WriteOptions {
  if (query.size === 0) {
    const fieldManager = managerFromUserAgent(of.userAgent)
    return { dryRun: false, fieldManager, fieldValidation: 'Warn', force: false }
  }
  const errors: FieldError[] = []
  const dryRun = query.getAll('dryRun')
  for (const value of dryRun) {
    if (value !== 'All') errors.push(notSupported('dryRun', dryRun, ['All']))
  }
  const given = query.get('fieldManager') ?? ''
  if (given.length > MAX_FIELD_MANAGER_LENGTH) {
    errors.push({
      type: 'FieldValueTooLong',
      field: 'fieldManager',
      message: `Too long: may not be more than ${MAX_FIELD_MANAGER_LENGTH} bytes`,
    })
  } else if (![...given].every((c) => isPrintable(c))) {
    errors.push(invalid('fieldManager', given, 'should only contain printable characters'))
  }
  const fieldValidation = query.get('fieldValidation') ?? ''
  if (!['', 'Strict', 'Warn', 'Ignore'].includes(fieldValidation)) {
    errors.push(notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']))
  }
  if (errors.length > 0) {
    throw invalidObject({ group: 'meta.k8s.io', kind: of.optionsKind, name: '' }, errors)
  }
  return {
    dryRun: dryRun.length > 0,
    fieldManager: given === '' ? managerFromUserAgent(of.userAgent) : given,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
    force: isTrue(query.get('force')),
  }
}

function isPrintable(character: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u.test(character)
}

const PLAIN = /^[ -~]+$/

function managerFromUserAgent(userAgent = ''): string {
  const slash = userAgent.indexOf('/')
  const name = userAgent.slice(
    0,
    slash < 0 ? MAX_FIELD_MANAGER_LENGTH : Math.min(slash, MAX_FIELD_MANAGER_LENGTH),
  )
  return PLAIN.test(name) ? name : [...name].filter(isPrintable).join('') || 'unknown'
}

export interface ListOptions {
  labelSelector: string
  fieldSelector: string
  limit: number
  continueToken: string
  /** '' when not given. */
  resourceVersion: string
  resourceVersionMatch: '' | 'Exact' | 'NotOlderThan'
  timeoutSeconds: number | undefined
  allowWatchBookmarks: boolean
  sendInitialEvents: boolean | undefined
  includeObject: 'None' | 'Metadata' | 'Object'
}

export function parseListOptions(query: URLSearchParams, verb: 'list' | 'watch'): ListOptions {
  const match = query.get('resourceVersionMatch') ?? ''
  const send = query.get('sendInitialEvents')
  const options: ListOptions = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit: integerParameter(query, 'limit') ?? 0,
    continueToken: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: match as ListOptions['resourceVersionMatch'],
    timeoutSeconds: integerParameter(query, 'timeoutSeconds'),
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: send === null ? undefined : isTrue(send),
    includeObject: includeObjectOf(query),
  }
  const errors = verb === 'watch' ? watchErrors(options) : listErrors(options)
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, errors)
  if (!/^\d*$/.test(options.resourceVersion)) {
    throw new StatusError(
      'Invalid',
      `resourceVersion: Invalid value: "${options.resourceVersion}": strconv.ParseUint: parsing "${options.resourceVersion}": invalid syntax`,
      {
        causes: [
          { reason: 'FieldValueInvalid', field: 'resourceVersion', message: 'not an unsigned integer' },
        ],
      },
    )
  }
  return options
}

/** The rules of metav1/validation.ValidateListOptions (KEP-3157 for sendInitialEvents). */
function listErrors({ resourceVersionMatch: match, ...options }: ListOptions): FieldError[] {
  const errors: FieldError[] = []
  if (match !== '') {
    if (options.resourceVersion === '') {
      errors.push(
        forbiddenField(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden unless resourceVersion is provided',
        ),
      )
    }
    if (options.continueToken !== '') {
      errors.push(
        forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      )
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
    } else if (match === 'Exact' && options.resourceVersion === '0') {
      errors.push(
        forbiddenField(
          'resourceVersionMatch',
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      )
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  return errors
}

function watchErrors({ resourceVersionMatch: match, ...options }: ListOptions): FieldError[] {
  const errors: FieldError[] = []
  if (options.sendInitialEvents !== undefined) {
    if (match === '') {
      errors.push(
        forbiddenField(
          'resourceVersionMatch',
          'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
        ),
      )
    } else if (match !== 'NotOlderThan') {
      errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']))
    }
  } else if (match !== '') {
    errors.push(
      forbiddenField(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    )
  }
  return errors
}

function integerParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  }
  return value
}

/** How much of each object a Table's rows carry. Throws 400. */
export function includeObjectOf(query: URLSearchParams): ListOptions['includeObject'] {
  const text = query.get('includeObject')
  if (text === null || text === '') return 'Metadata'
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text
  throw badRequest(`unrecognized includeObject value: "${text}"`)
}
