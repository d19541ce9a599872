// Defaults and rules of a PriorityLevelConfiguration.

import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { oneOf } from '../../validate/fields.ts'
import { semanticEqual } from '../../validate/immutable.ts'
import type { Json } from '../../validate/json.ts'
import { rangeMessage } from '../../validate/names.ts'
import { validateStatusConditions } from './flow-schema-rules.ts'
import { MANDATORY_LEVELS } from './mandatory.ts'

const DEFAULT_SHARES = 30
const DEFAULT_QUEUING = { handSize: 8, queues: 64, queueLengthLimit: 50 }
const MAX_QUEUES = 10 * 1000 * 1000
/** Shuffle sharding deals hands from one 64-bit hash. */
const MAX_ENTROPY_BITS = 60

export function setLevelDefaults({ spec }: KubeObject): void {
  const { limited, exempt } = spec ?? {}
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0
    exempt.lendablePercent ??= 0
  }
  if (!limited) return
  limited.nominalConcurrencyShares ??= DEFAULT_SHARES
  limited.lendablePercent ??= 0
  const queuing = limited.limitResponse?.queuing
  if (!queuing) return
  for (const [field, value] of Object.entries(DEFAULT_QUEUING)) queuing[field] ||= value
}

export function validateLevel(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const { name = '' } = object.metadata
  const errors: FieldError[] = []
  if ((name === 'exempt') !== (spec.type === 'Exempt')) {
    errors.push(
      invalid('spec.type', spec.type ?? '', "type must be 'Exempt' if and only if name is 'exempt'"),
    )
  }
  errors.push(...validateByType(spec))
  if (name === 'catch-all' && !semanticEqual(spec, MANDATORY_LEVELS[name])) {
    errors.push(invalid('spec', spec, `spec of '${name}' must equal the fixed value`))
  }
  return [...errors, ...validateStatusConditions(object)]
}

function validateByType(spec: Json): FieldError[] {
  if (spec.type === 'Exempt') {
    const errors = spec.exempt ? validateShares(spec.exempt, 'spec.exempt') : []
    if (!spec.limited) return errors
    return [...errors, forbiddenField('spec.limited', 'must be nil if the type is not Limited')]
  }
  if (spec.type !== 'Limited') return [notSupported('spec.type', spec.type ?? '', ['Exempt', 'Limited'])]
  const errors: FieldError[] = []
  if (spec.exempt) errors.push(forbiddenField('spec.exempt', 'must be nil if the type is Limited'))
  if (!spec.limited) return [...errors, required('spec.limited', 'must not be empty when type is Limited')]
  return [...errors, ...validateLimited(spec.limited, 'spec.limited')]
}

function validateShares(
  { nominalConcurrencyShares = 0, lendablePercent = 0 }: Json,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (nominalConcurrencyShares < 0) {
    const why = 'must be a non-negative integer'
    errors.push(invalid(`${field}.nominalConcurrencyShares`, nominalConcurrencyShares, why))
  }
  if (lendablePercent < 0 || lendablePercent > 100) {
    errors.push(invalid(`${field}.lendablePercent`, lendablePercent, rangeMessage(0, 100)))
  }
  return errors
}

function validateLimited(limited: Json, field: string): FieldError[] {
  const errors = validateShares(limited, field)
  const borrowing: number | null = limited.borrowingLimitPercent ?? null
  if (borrowing !== null && borrowing < 0) {
    const why = 'if specified, must be a non-negative integer'
    errors.push(invalid(`${field}.borrowingLimitPercent`, borrowing, why))
  }
  const { type, queuing } = limited.limitResponse ?? {}
  const at = `${field}.limitResponse`
  errors.push(...oneOf(`${at}.type`, type, ['Queue', 'Reject']))
  if (type === 'Reject' && queuing) {
    const why = 'must be nil if limited.limitResponse.type is not Limited'
    errors.push(forbiddenField(`${at}.queuing`, why))
  } else if (type === 'Queue' && !queuing) {
    const why = 'must not be empty if limited.limitResponse.type is Limited'
    errors.push(required(`${at}.queuing`, why))
  } else if (type === 'Queue') errors.push(...validateQueuing(queuing, `${at}.queuing`))
  return errors
}

function validateQueuing(queuing: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const { queues = 0, handSize = 0 } = queuing
  for (const name of ['queueLengthLimit', 'queues', 'handSize']) {
    const value: number = queuing[name] ?? 0
    if (value <= 0) errors.push(invalid(`${field}.${name}`, value, 'must be positive'))
  }
  if (queues > MAX_QUEUES) {
    errors.push(invalid(`${field}.queues`, queues, `must not be greater than ${MAX_QUEUES}`))
  }
  if (handSize <= 0 || queues <= 0) return errors
  if (handSize > queues) {
    const why = `should not be greater than queues (${queues})`
    return [...errors, invalid(`${field}.handSize`, handSize, why)]
  }
  if (entropyBits(queues, handSize) <= MAX_ENTROPY_BITS) return errors
  const why = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${MAX_ENTROPY_BITS}`
  return [...errors, invalid(`${field}.handSize`, handSize, why)]
}

/** Bits to tell all hands of so many cards apart. */
function entropyBits(deckSize: number, handSize: number): number {
  let bits = 0
  for (let i = 0; i < handSize; i++) bits += Math.log2(deckSize - i)
  return Math.ceil(bits)
}
