// What `kubectl explain` says of types and fields: our own words, from the data files beside this one.

import { FIELDS } from './field-texts.ts'
import { TYPES } from './type-texts.ts'

/** One or two sentences on a type by its OpenAPI name. A type without a text of its own is named by its words. */
export function typeDescription(name: string): string {
  const short = shortName(name)
  return Object.hasOwn(TYPES, short) ? TYPES[short]! : `${wordsOf(short)}.`
}

/** A sentence on a field, or undefined. Fields that many types have mean the same in all of them. */
export function fieldDescription(type: string, field: string): string | undefined {
  const own = `${shortName(type)}.${field}`
  if (Object.hasOwn(FIELDS, own)) return FIELDS[own]
  const common = `*.${field}`
  return Object.hasOwn(FIELDS, common) ? FIELDS[common] : undefined
}

export function listDescription(kind: string): string {
  return `A list of ${kind} objects.`
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** `PodAffinityTerm` -> `Pod affinity term`. */
function wordsOf(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
  return words
    .split(' ')
    .map((word, i) => (i === 0 || /^[A-Z0-9]+$/.test(word) ? word : word.toLowerCase()))
    .join(' ')
}
