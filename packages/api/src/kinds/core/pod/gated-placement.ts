// While a pod waits at a scheduling gate, its node selector and required node affinity may become narrower.

import { type FieldError, invalid } from '../../../field-error.ts'
import { semanticEqual } from '../../../validate/immutable.ts'
import { type Json, listOf, mapOf } from '../../../validate/json.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'

/** Puts back in `masked` what may change, so that the comparison after it sees the rest alone. */
export function validateGatedPlacement(masked: Json, before: Json): FieldError[] {
  const errors: FieldError[] = []
  if (!semanticEqual(masked.nodeSelector, before.nodeSelector)) {
    errors.push(...validateNodeSelector(masked.nodeSelector, before.nodeSelector))
    masked.nodeSelector = before.nodeSelector
  }
  const now = masked.affinity?.nodeAffinity
  const old = before.affinity?.nodeAffinity
  if (semanticEqual(now, old)) return errors
  errors.push(...validateNodeAffinity(now, old))
  masked.affinity = { ...masked.affinity, nodeAffinity: old }
  if (old === undefined || old === null) delete masked.affinity.nodeAffinity
  if (Object.keys(masked.affinity).length === 0) masked.affinity = before.affinity
  return errors
}

function validateNodeSelector(now: Json, old: Json): FieldError[] {
  for (const [key, value] of Object.entries(mapOf(old))) {
    if (mapOf(now)[key] === value) continue
    return [
      invalid(
        'spec.nodeSelector',
        now,
        'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ),
    ]
  }
  return []
}

function validateNodeAffinity(now: Json, old: Json): FieldError[] {
  const field = `spec.affinity.nodeAffinity.${REQUIRED}`
  const oldTerms = listOf(old?.[REQUIRED]?.nodeSelectorTerms)
  if (oldTerms.length === 0) return []
  const terms = listOf(now?.[REQUIRED]?.nodeSelectorTerms)
  if (terms.length !== oldTerms.length) {
    const why = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    return [invalid(`${field}.nodeSelectorTerms`, terms, why)]
  }
  const errors: FieldError[] = []
  for (const [i, term] of terms.entries()) {
    if (keepsAll(term, oldTerms[i])) continue
    const why = 'only additions are allowed (no mutations or deletions)'
    errors.push(invalid(`${field}.nodeSelectorTerms[${i}]`, term, why))
  }
  return errors
}

/** An empty term matches nothing, so it may not be filled. */
function keepsAll(term: Json, old: Json): boolean {
  const lists = ['matchExpressions', 'matchFields']
  if (lists.every((name) => listOf(old[name]).length === 0)) return semanticEqual(term, old)
  return lists.every((name) =>
    listOf(old[name]).every((expression, i) => semanticEqual(expression, listOf(term[name])[i])),
  )
}
