// Random values for fuzzing: of a schema's types, of no type at all, and texts that parsers stumble over.

import type { Schema } from '@brume/api/schema/schema'
import type { SeededRandom } from '@brume/base/seeded-random'

export const ODD_TEXTS = [
  '',
  'a',
  ' ',
  '..',
  '../../etc/passwd',
  'a/b',
  'a%2fb',
  '__proto__',
  'constructor',
  'toString',
  'null',
  '-1',
  '0x10',
  '1e400',
  '99999999999999999999',
  'é\u0000\u202e',
  '\ud800',
  '💥',
  '"\\\n\r',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an attacker sends
  '${7*7}',
  'x'.repeat(300),
  'x'.repeat(5000),
  '2026-01-01T00:00:00Z',
  '0000-00-00T99:99:99Z',
  '500m',
  '1Gi',
  '10.96.0.1',
  '::',
  '100%',
  'metadata.name=x',
  'All',
  'fz-1',
]

const NUMBERS = [-1, 0, 1, 80, 65536, 2147483647, 2147483648, -2147483649, 1.5, 1e21, 2 ** 53 + 2]
const MAX_DEPTH = 9

/** Mostly what the schema asks for. */
export function anyOf(schema: Schema, random: SeededRandom, depth = 0): unknown {
  if (random.below(60) === 0) return junk(random)
  switch (schema.kind) {
    case 'object': {
      const value: Record<string, unknown> = {}
      for (const field of schema.fields.values()) {
        if (depth > MAX_DEPTH || random.below(depth === 0 ? 8 : 3) === 0) continue
        if (depth > 3 && random.below(2) === 0) continue
        value[field.name] = anyOf(field.schema, random, depth + 1)
      }
      return value
    }
    case 'map':
      return Object.fromEntries(
        Array.from({ length: random.below(3) }, () => [
          random.pick(['a', 'cpu', 'app.kubernetes.io/name', ...ODD_TEXTS]),
          anyOf(schema.values, random, depth + 1),
        ]),
      )
    case 'list':
      return Array.from({ length: random.below(3) }, () => anyOf(schema.items, random, depth + 1))
    case 'any':
      return junk(random)
    case 'scalar':
      return scalarOf(schema.scalar, random)
  }
}

function scalarOf(scalar: string, random: SeededRandom): unknown {
  switch (scalar) {
    case 'boolean':
      return random.below(2) === 0
    case 'int32':
    case 'int64':
    case 'number':
      return random.pick(NUMBERS)
    case 'quantity':
      return random.pick(['0', '1', '-1', '500m', '1Gi', '1e3', 'x', 5])
    case 'intOrString':
      return random.pick([80, -1, '25%', 'http', 1.5])
    case 'time':
    case 'microTime':
      return random.pick(['2026-01-01T00:00:00Z', 'yesterday', null, '2026-01-01T00:00:00.000001Z'])
    case 'bytes':
      return random.pick(['aGk=', '*', ''])
    default:
      return random.pick(['abc', 'web', 'nginx:1', 'Always', 'TCP', 'ClusterIP', ...ODD_TEXTS])
  }
}

/** Anything JSON can say, sometimes deep. */
export function junk(random: SeededRandom, depth = 0): unknown {
  switch (random.below(depth > 4 ? 5 : 8)) {
    case 0:
      return null
    case 1:
      return random.below(2) === 0
    case 2:
      return random.pick(NUMBERS)
    case 3:
    case 4:
      return random.pick(ODD_TEXTS)
    case 5:
      return Array.from({ length: random.below(4) }, () => junk(random, depth + 1))
    case 6: {
      let deep: unknown = 1
      for (let i = random.below(1200); i > 0; i--) deep = i % 2 === 0 ? [deep] : { d: deep }
      return deep
    }
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [random.pick(ODD_TEXTS), junk(random, depth + 1)]),
      )
  }
}
