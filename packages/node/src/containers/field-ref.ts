// Fields of the pod for its containers: fieldRef of variables and of downward API volumes.

import { isQualifiedName } from '@brume/api/validate/names'
import type { Pod } from '../contract.ts'
import { configProblem } from './config-problem.ts'

export interface FieldContext {
  pod: Pod
  /** The pod's addresses; none before it has a sandbox. */
  podIps: readonly string[]
  hostIps: readonly string[]
}

/** Throws PodProblem CreateContainerConfigError for a path that is none. */
export function fieldValue(fieldPath: string, { pod, podIps, hostIps }: FieldContext): string {
  const { metadata, spec } = pod as Pod & { spec: Record<string, string | undefined> }
  const subscripted = /^(.+?)\['(.*)'\]$/s.exec(fieldPath)
  if (subscripted !== null) return subscriptValue(pod, fieldPath, subscripted[1]!, subscripted[2]!)
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name ?? ''
    case 'metadata.namespace':
      return metadata.namespace ?? ''
    case 'metadata.uid':
      return metadata.uid ?? ''
    case 'metadata.labels':
      return mapText(metadata.labels ?? {})
    case 'metadata.annotations':
      return mapText(metadata.annotations ?? {})
    case 'spec.nodeName':
    case 'spec.host':
      return spec['nodeName'] ?? ''
    case 'spec.serviceAccountName':
      return spec['serviceAccountName'] ?? ''
    case 'status.hostIP':
      return hostIps[0] ?? ''
    case 'status.hostIPs':
      return hostIps.join(',')
    case 'status.podIP':
      return podIps[0] ?? ''
    case 'status.podIPs':
      return podIps.join(',')
    default:
      throw configProblem(`unsupported fieldPath: ${fieldPath}`)
  }
}

function subscriptValue({ metadata }: Pod, fieldPath: string, path: string, key: string): string {
  const isAnnotation = path === 'metadata.annotations'
  if (!isAnnotation && path !== 'metadata.labels') {
    throw configProblem(`fieldPath ${JSON.stringify(fieldPath)} does not support subscript`)
  }
  const wrong = isQualifiedName(isAnnotation ? key.toLowerCase() : key)
  if (wrong.length > 0) throw configProblem(`invalid key subscript in ${fieldPath}: ${wrong.join(';')}`)
  const map = (isAnnotation ? metadata.annotations : metadata.labels) ?? {}
  return Object.hasOwn(map, key) ? map[key]! : ''
}

/** Lines of key="value", sorted by key; values are quoted as Go quotes them. */
function mapText(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${goQuote(map[key]!)}`)
    .join('\n')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** As strconv.Quote: printable letters stay, others are written as escapes. */
function goQuote(text: string): string {
  let out = '"'
  for (const letter of text) {
    const code = letter.codePointAt(0)!
    const known = ESCAPES[letter]
    if (known !== undefined) out += known
    else if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(letter)) out += letter
    else if (code < 0x80) out += `\\x${code.toString(16).padStart(2, '0')}`
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, '0')}`
    else out += `\\U${code.toString(16).padStart(8, '0')}`
  }
  return `${out}"`
}
