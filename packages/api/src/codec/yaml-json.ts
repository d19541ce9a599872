// JSON that is said to be YAML, which it is too: most such bodies are, and it is far cheaper to read. Needs no YAML parser.

import { JsonError, parseJson } from '@brume/base/json'
import type { ParsedBody } from './json.ts'

/** undefined when only a YAML parser can tell what to make of it. */
export function parseJsonAsYaml(text: string): ParsedBody | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    const { value, duplicateKeys } = parseJson(text)
    return duplicateKeys.length === 0 ? { value, strictErrors: [] } : undefined
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}
