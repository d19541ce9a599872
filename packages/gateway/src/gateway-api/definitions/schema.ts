// Short forms for writing structural schemas down.

export type Schema = Readonly<Record<string, unknown>>

/** Fields whose name ends with `!` are required. */
export function object(fields: Readonly<Record<string, Schema>>, more: Schema = {}): Schema {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name.replace('!', ''), schema]),
  )
  const required = Object.keys(fields)
    .filter((name) => name.endsWith('!'))
    .map((name) => name.slice(0, -1))
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }), ...more }
}

/** The list is replaced as a whole. */
export function list(items: Schema, maxItems: number, more: Schema = {}): Schema {
  return { type: 'array', items, maxItems, 'x-kubernetes-list-type': 'atomic', ...more }
}

/** Each item once, and owned by itself. */
export function setOf(items: Schema, maxItems?: number): Schema {
  const limit = maxItems === undefined ? {} : { maxItems }
  return { type: 'array', items, ...limit, 'x-kubernetes-list-type': 'set' }
}

/** Its items are owned one by one, by the value of `key`. */
export function listBy(key: string, items: Schema, maxItems: number, more: Schema = {}): Schema {
  return list(items, maxItems, {
    ...more,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [key],
  })
}

export function text(maxLength: number, more: Schema = {}): Schema {
  return { type: 'string', minLength: 1, maxLength, ...more }
}

export function choice(values: string, more: Schema = {}): Schema {
  return { type: 'string', enum: values.split(' '), ...more }
}

export function integer(minimum: number, maximum?: number, more: Schema = {}): Schema {
  const limit = maximum === undefined ? {} : { maximum }
  return { type: 'integer', format: 'int32', minimum, ...limit, ...more }
}

export function mapOfText(maxProperties: number, values: Schema): Schema {
  return { type: 'object', maxProperties, additionalProperties: values }
}

/** What `kubectl explain` says. */
export function says(description: string, schema: Schema): Schema {
  return { ...schema, description }
}

/** A kind's whole schema. */
export function kind(description: string, spec: Schema, status?: Schema): Schema {
  return object(
    {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      'spec!': spec,
      ...(status === undefined ? {} : { status }),
    },
    { description },
  )
}
