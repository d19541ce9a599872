// Label and field selectors of a request, compiled once, matched against store entries without parsing when only
// labels are asked for.

import type { ResourceDefinition } from '@brume/api/resource'
import { parseFieldSelector } from '@brume/api/selectors/field-selector'
import { parseLabelSelector } from '@brume/api/selectors/label-selector'
import { SelectorError } from '@brume/api/selectors/requirement'
import { badRequest } from '@brume/base/errors'
import type { Entry } from '@brume/store/contract'
import { labelsOf, objectOf } from '../registry/entries.ts'

export interface Selection {
  /** Nothing is filtered. */
  all: boolean
  matches(entry: Entry): boolean
}

const EVERYTHING: Selection = { all: true, matches: () => true }

/** Throws 400 for a selector that cannot be parsed or a field that this kind cannot be selected by. */
export function compileSelection(
  definition: ResourceDefinition,
  { labelSelector, fieldSelector }: { labelSelector: string; fieldSelector: string },
): Selection {
  if (labelSelector === '' && fieldSelector === '') return EVERYTHING
  const labels = labelSelector === '' ? undefined : parsed(() => parseLabelSelector(labelSelector))
  const fields = fieldSelector === '' ? [] : compileFields(definition, fieldSelector)
  return {
    all: labels === undefined && fields.length === 0,
    matches(entry) {
      if (labels !== undefined && !labels.matches(labelsOf(entry))) return false
      return fields.every((field) => field(entry))
    },
  }
}

function compileFields(definition: ResourceDefinition, text: string): ((entry: Entry) => boolean)[] {
  const { requirements } = parsed(() => parseFieldSelector(text))
  return requirements.map(({ field, operator, value }) => {
    const read = readerOf(definition, field)
    if (read === undefined) throw badRequest(unknownField(definition, field))
    const equal = operator !== '!='
    return (entry: Entry) => (read(entry) === value) === equal
  })
}

/** Kinds without fields of their own say which there are. */
function unknownField(definition: ResourceDefinition, field: string): string {
  const own = definition.custom === true || Object.keys(definition.selectableFields).length > 0
  return own
    ? `field label not supported: ${field}`
    : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
}

/** Name and namespace are in the key; only other fields need the object. */
function readerOf(definition: ResourceDefinition, field: string): ((entry: Entry) => string) | undefined {
  if (field === 'metadata.name') return ({ key }) => key.slice(key.lastIndexOf('/') + 1)
  if (field === 'metadata.namespace' && definition.namespaced) {
    return ({ key }) => key.slice(key.indexOf('/') + 1, key.lastIndexOf('/'))
  }
  if (!Object.hasOwn(definition.selectableFields, field)) return undefined
  const read = definition.selectableFields[field]!
  return (entry) => read(objectOf(entry))
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof SelectorError ? badRequest(error.message) : error
  }
}
