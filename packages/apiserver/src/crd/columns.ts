// Printer columns of a CRD: JSONPath into the object, or the age alone when the author names none.

import { age, humanDuration } from '@brume/api/kinds/columns'
import { nameColumn } from '@brume/api/kinds/definition'
import type { Column } from '@brume/api/resource'
import { evaluateJsonPath } from '@brume/api/structural/json-path'
import { parseJsonPath } from '@brume/api/structural/json-path-parse'
import { stringifyJson } from '@brume/base/json'

export interface PrinterColumn {
  name: string
  type: string
  format?: string
  description?: string
  priority?: number
  jsonPath: string
}

const agedColumn: Column = { ...age, type: 'date' }

export function columnsOf(additional: readonly PrinterColumn[]): Column[] {
  return [nameColumn, ...(additional.length === 0 ? [agedColumn] : additional.map(columnOf))]
}

function columnOf(source: PrinterColumn): Column {
  const path = parseJsonPath(source.jsonPath)
  return {
    name: source.name,
    type: source.type,
    format: source.format ?? '',
    description:
      source.description || `Custom resource definition column (in JSONPath format): ${source.jsonPath}`,
    priority: source.priority ?? 0,
    cell(object, now) {
      const found = path === undefined ? [] : evaluateJsonPath(path, object)
      return found.length === 0 ? null : cellOf(source.type, found[0], now)
    },
  }
}

/** The first value that the path leads to, as the column's type shows it; another type shows nothing. */
function cellOf(type: string, value: unknown, now: number): string | number | boolean | null {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'integer':
      return typeof value === 'number' || typeof value === 'bigint' ? Math.trunc(Number(value)) : null
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date': {
      if (typeof value !== 'string') return null
      const time = Date.parse(value)
      return Number.isNaN(time) ? '<invalid>' : humanDuration(now - time)
    }
    default:
      return typeof value === 'object' ? stringifyJson(value) : String(value)
  }
}
