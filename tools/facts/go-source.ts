// Reads the declarations of one Go package of API types: structs with their tags and markers, named types, string
// constants. A line reader, not a Go parser: API type files keep to one field a line.

import { readFileSync } from 'node:fs'

/** `+listType=map` and the like, in order; a bare `+optional` has the value ''. */
export type Markers = [name: string, value: string][]

export interface GoField {
  /** '' for an embedded field. */
  goName: string
  type: string
  tags: Record<string, string>
  markers: Markers
}

export interface GoStruct {
  kind: 'struct'
  name: string
  markers: Markers
  fields: GoField[]
}

export interface GoNamed {
  kind: 'named' | 'alias'
  name: string
  markers: Markers
  target: string
}

export interface GoPackage {
  /** Package name in the source, e.g. `v1`. */
  name: string
  /** Local import name -> path. */
  imports: Record<string, string>
  types: (GoStruct | GoNamed)[]
  constants: { name: string; type: string; value: string }[]
}

const STRUCT = /^type (\w+) struct ?\{(\})?/
const NAMED = /^type (\w+) (=?) ?([\w.[\]*{}]+)\s*(?:\/\/.*)?$/
const FIELD = /^\t(?:(\w+)\s+)?([\w.[\]*{}]+)\s+`([^`]+)`/
const IMPORT = /^\s*(?:import\s+)?(?:([\w.]+)\s+)?"([^"]+)"$/
const CONSTANT = /^\s*(?:const\s+)?(\w+)\s+(\w+)\s*=\s*"([^"]*)"/
const CONVERSION = /^\s*(?:const\s+)?(\w+)\s*=\s*(\w+)\("([^"]*)"\)/
const TAG = /(\w+):"([^"]*)"/g

export function readGoPackage(files: readonly string[]): GoPackage {
  const result: GoPackage = { name: '', imports: {}, types: [], constants: [] }
  for (const file of files) readFile(readFileSync(file, 'utf8').split('\n'), result)
  return result
}

export function marker(markers: Markers, name: string): string | undefined {
  return markers.find(([key]) => key === name)?.[1]
}

function readFile(lines: string[], into: GoPackage): void {
  let comments: string[] = []
  let struct: GoStruct | undefined
  for (const line of lines) {
    const comment = /^\s*\/\/(.*)$/.exec(line)
    if (comment !== null) {
      comments.push(comment[1]!.trim())
      continue
    }
    if (struct !== undefined) {
      if (line.startsWith('}')) struct = undefined
      else readField(line, markersOf(comments), struct)
    } else {
      struct = readDeclaration(line, markersOf(comments), into)
    }
    comments = []
  }
}

function readDeclaration(line: string, markers: Markers, into: GoPackage): GoStruct | undefined {
  const packageName = /^package (\w+)/.exec(line)
  if (packageName !== null) into.name = packageName[1]!
  const struct = STRUCT.exec(line)
  if (struct !== null) {
    const found: GoStruct = { kind: 'struct', name: struct[1]!, markers, fields: [] }
    into.types.push(found)
    return struct[2] === undefined ? found : undefined
  }
  const named = NAMED.exec(line)
  if (named !== null && named[3] !== 'interface{') {
    into.types.push({
      kind: named[2] === '=' ? 'alias' : 'named',
      name: named[1]!,
      markers,
      target: named[3]!,
    })
    return undefined
  }
  const imported = IMPORT.exec(line)
  if (imported !== null) into.imports[imported[1] ?? imported[2]!.split('/').at(-1)!] = imported[2]!
  const constant = CONSTANT.exec(line) ?? CONVERSION.exec(line)
  if (constant !== null) into.constants.push({ name: constant[1]!, type: constant[2]!, value: constant[3]! })
  return undefined
}

function readField(line: string, markers: Markers, struct: GoStruct): void {
  const match = FIELD.exec(line)
  if (match === null) return
  const tags: Record<string, string> = {}
  for (const [, key, value] of match[3]!.matchAll(TAG)) tags[key!] = value!
  if (tags.json === undefined || tags.json === '-') return
  struct.fields.push({ goName: match[1] ?? '', type: match[2]!, tags, markers })
}

function markersOf(comments: string[]): Markers {
  const markers: Markers = []
  for (const line of comments) {
    const match = /^\+([\w:.-]+)(?:=(.*))?$/.exec(line)
    if (match !== null) markers.push([match[1]!, match[2] ?? ''])
  }
  return markers
}
