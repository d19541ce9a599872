// YAML bodies, read as sigs.k8s.io/yaml reads them: one document, YAML 1.1 scalars, merge keys, duplicate keys as strict
// errors. Size, depth and what aliases expand to are bounded.

import { MAX_JSON_DEPTH } from '@brume/base/json'
import { setOwn } from '@brume/base/values'
import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type Scalar,
} from 'yaml'
import { DecodeError } from '../schema/decode-error.ts'
import type { ParsedBody } from './json.ts'
import { composeYaml } from './yaml-compose.ts'
import { emitYaml } from './yaml-emit.ts'
import { parseJsonAsYaml } from './yaml-json.ts'
import { parseInteger, resolvePlain } from './yaml-scalar.ts'

/** Of YAML proper, which is slow to read; a JSON body may be as large as its transport allows. */
export const MAX_YAML_BYTES = 1024 * 1024
/** Nodes that come out of aliases, over what is written once. */
const MAX_ALIASED_NODES = 100_000
const MAX_STRICT_ERRORS = 100

interface Walk {
  lines: LineCounter
  duplicates: string[]
  anchors: Map<string, Node>
  /** Anchored nodes being expanded: an alias to one of them would never end. */
  open: Set<Node>
  aliasedNodes: number
}

/** Throws DecodeError for anything that is not one YAML document of JSON values. */
export function parseYamlBody(bytes: Buffer | string): ParsedBody {
  const text = bytes.toString()
  return parseJsonAsYaml(text) ?? parseAsYaml(text)
}

export function encodeYaml(object: unknown): string {
  return emitYaml(object)
}

function parseAsYaml(text: string): ParsedBody {
  if (text.length > MAX_YAML_BYTES)
    throw new DecodeError(`yaml: document is larger than ${MAX_YAML_BYTES} bytes`)
  const { document, lines } = composeYaml(text)
  const walk: Walk = { lines, duplicates: [], anchors: new Map(), open: new Set(), aliasedNodes: 0 }
  const value = readNode(document?.contents, walk, 0)
  const { duplicates } = walk
  const listed = duplicates.map((duplicate) => `  ${duplicate}`).join('\n')
  return { value, strictErrors: duplicates.length === 0 ? [] : [`yaml: unmarshal errors:\n${listed}`] }
}

function readNode(node: unknown, walk: Walk, depth: number): unknown {
  if (depth > MAX_JSON_DEPTH) throw new DecodeError('yaml: exceeded max depth')
  if (walk.open.size > 0 && ++walk.aliasedNodes > MAX_ALIASED_NODES) {
    throw new DecodeError('yaml: document contains excessive aliasing')
  }
  if (node === null || node === undefined) return null
  if (isAlias(node)) return expand(node, walk, (target) => readNode(target, walk, depth))
  if (isScalar(node)) {
    anchor(node, walk)
    return scalarValue(node)
  }
  if (isSeq(node)) {
    anchor(node, walk)
    return node.items.map((item) => readNode(item, walk, depth + 1))
  }
  if (isMap(node)) {
    anchor(node, walk)
    return mapValue(node.items, walk, depth)
  }
  throw new DecodeError('yaml: unknown node')
}

/** An anchor is known from its node on, and a later one of the same name replaces it. */
function anchor(node: Node & { anchor?: string }, walk: Walk): void {
  if (node.anchor !== undefined && !walk.open.has(node)) walk.anchors.set(node.anchor, node)
}

function expand<T>(alias: Alias, walk: Walk, read: (target: Node) => T): T {
  const target = walk.anchors.get(alias.source)
  if (target === undefined) throw new DecodeError(`yaml: unknown anchor '${alias.source}' referenced`)
  if (walk.open.has(target)) throw new DecodeError(`yaml: anchor '${alias.source}' value contains itself`)
  walk.open.add(target)
  const value = read(target)
  walk.open.delete(target)
  return value
}

function mapValue(items: readonly Pair[], walk: Walk, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  const own = new Set<string>()
  const merges: unknown[] = []
  for (const { key, value } of items) {
    if (isMergeKey(key)) {
      merges.push(value)
      continue
    }
    const name = keyText(key, walk)
    if (own.has(name)) noteDuplicate(key, name, walk)
    own.add(name)
    setOwn(object, name, readNode(value, walk, depth + 1))
  }
  // Keys of the map itself win over merged ones, and the first merged one over later ones.
  for (const merge of merges) mergeInto(object, merge, walk, depth)
  return object
}

function isMergeKey(key: unknown): boolean {
  return (
    isScalar(key) && key.value === '<<' && (key.type === 'PLAIN' || key.tag === 'tag:yaml.org,2002:merge')
  )
}

function mergeInto(object: Record<string, unknown>, node: unknown, walk: Walk, depth: number): void {
  if (depth > MAX_JSON_DEPTH) throw new DecodeError('yaml: exceeded max depth')
  if (isAlias(node)) {
    expand(node, walk, (target) => {
      if (!isMap(target))
        throw new DecodeError('yaml: map merge requires map or sequence of maps as the value')
      mergeInto(object, target, walk, depth)
    })
  } else if (isSeq(node)) {
    for (const item of node.items) mergeInto(object, item, walk, depth + 1)
  } else if (isMap(node)) {
    const merged = mapValue(node.items.filter(isPair), walk, depth + 1)
    for (const key of Object.keys(merged)) if (!Object.hasOwn(object, key)) setOwn(object, key, merged[key])
  } else {
    throw new DecodeError('yaml: map merge requires map or sequence of maps as the value')
  }
}

function keyText(key: unknown, walk: Walk): string {
  const node = isAlias(key) ? expand(key, walk, (target) => target) : key
  if (isScalar(node)) anchor(node, walk)
  else throw new DecodeError('yaml: invalid map key')
  const value = scalarValue(node)
  if (value === null) throw new DecodeError('unsupported map key of type: null')
  return String(value)
}

function noteDuplicate(key: unknown, name: string, { lines, duplicates }: Walk): void {
  if (duplicates.length >= MAX_STRICT_ERRORS) return
  const offset = (key as Scalar).range?.[0] ?? 0
  duplicates.push(`line ${lines.linePos(offset).line}: key ${JSON.stringify(name)} already set in map`)
}

function scalarValue(node: Scalar): unknown {
  // The library itself knows a few tags (binary); the text as written is in `source`.
  const text = typeof node.value === 'string' ? node.value : (node.source ?? '')
  const value = node.tag === undefined || node.tag === '!' ? untagged(node, text) : tagged(node.tag, text)
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new DecodeError(
      `json: unsupported value: ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`,
    )
  }
  return value
}

function untagged(node: Scalar, text: string): unknown {
  const isPlain =
    node.tag === undefined && (node.type === 'PLAIN' || node.type === undefined || node.type === null)
  return isPlain ? resolvePlain(text) : text
}

function tagged(tag: string, text: string): unknown {
  const name = tag.replace('tag:yaml.org,2002:', '')
  const resolved = resolvePlain(text)
  switch (name) {
    case 'null':
      if (resolved === null) return null
      break
    case 'bool':
      if (typeof resolved === 'boolean') return resolved
      break
    case 'int': {
      const integer = parseInteger(text.replaceAll('_', ''))
      if (integer !== undefined) return integer
      break
    }
    case 'float':
      if (typeof resolved === 'number') return resolved
      if (typeof resolved === 'bigint') return Number(resolved)
      break
    case 'binary': {
      const bytes = Buffer.from(text.replaceAll(/\s/g, ''), 'base64')
      return bytes.toString('utf8')
    }
    default:
      return text
  }
  throw new DecodeError(`yaml: cannot decode !!str \`${text.slice(0, 20)}\` as a !!${name}`)
}
