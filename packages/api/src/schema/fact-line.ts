// One line of a fact table: `ports 6 []ContainerPort ? list=map:containerPort,protocol patch=merge key=containerPort`.
// facts/README.md describes the format.

import type { FieldSchema, ListSchema, ObjectSchema } from './schema.ts'

export interface FactLine {
  /** JSON name; `...` for an embedded struct. */
  name: string
  /** Protobuf field number; 0: not on the wire. */
  number: number
  type: string
  omitEmpty: boolean
  required: boolean
  listType?: ListSchema['listType']
  listKeys?: string[]
  mapType?: string
  structType?: string
  patchStrategy?: string
  patchMergeKey?: string
  default?: unknown
}

export function parseFactLine(text: string): FactLine {
  const defaultAt = text.indexOf(' default=')
  const [name = '', number = '', type = '', ...flags] = (
    defaultAt < 0 ? text : text.slice(0, defaultAt)
  ).split(' ')
  const line: FactLine = { name, number: Number(number), type, omitEmpty: false, required: false }
  if (defaultAt >= 0) line.default = JSON.parse(text.slice(defaultAt + ' default='.length))
  for (const flag of flags) {
    if (flag === '?') line.omitEmpty = true
    else if (flag === '!') line.required = true
    else setFlag(line, flag)
  }
  return line
}

/** Adds the fields of an embedded struct, reached on the wire through field `number` (0: not on the wire). */
export function embedFields(into: Map<string, FieldSchema>, embedded: ObjectSchema, number: number): void {
  for (const field of embedded.fields.values()) {
    const copy = { ...field }
    if (number > 0) copy.protoPath = [number, ...(field.protoPath ?? [])]
    else copy.number = 0
    into.set(field.name, copy)
  }
}

function setFlag(line: FactLine, flag: string): void {
  const equals = flag.indexOf('=')
  const value = flag.slice(equals + 1)
  switch (flag.slice(0, equals)) {
    case 'list': {
      const [type, keys] = value.split(':')
      line.listType = type as ListSchema['listType']
      if (keys !== undefined) line.listKeys = keys.split(',')
      return
    }
    case 'map':
      line.mapType = value
      return
    case 'struct':
      line.structType = value
      return
    case 'patch':
      line.patchStrategy = value
      return
    case 'key':
      line.patchMergeKey = value
      return
  }
}
