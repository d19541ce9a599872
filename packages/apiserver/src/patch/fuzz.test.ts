// Any JSON as a patch of any JSON: nothing but a StatusError is thrown, and the inputs, which are frozen, stay.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@brume/base/errors'
import { deepFreeze } from '@brume/base/values'
import { type Random, randomJson, seeded } from '../apply/testing/random.ts'
import { CONFIG_MAP, DEPLOYMENT, POD, SERVICE } from '../apply/testing/schemas.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

const CASES = 5000

function onlyStatusErrors(seed: number, apply: () => unknown): boolean {
  try {
    apply()
    return true
  } catch (error) {
    assert.ok(error instanceof StatusError, `seed ${seed}: ${(error as Error).stack}`)
    return false
  }
}

const NAMES = ['a', 'b', 'c']

function randomPod(random: Random, patch: boolean): unknown {
  const chance = (probability: number) => patch && random.chance(probability)
  const order = (list: string, key: string) =>
    chance(0.3)
      ? {
          [`$setElementOrder/${list}`]: chance(0.1)
            ? randomJson(random, 2)
            : NAMES.map((name) => ({ [key]: name })),
        }
      : {}
  const containers = NAMES.filter(() => random.chance(0.6)).map((name) => ({
    name,
    image: random.pick(NAMES),
    args: [random.pick(NAMES)],
    ports: [{ containerPort: random.below(3) }, { containerPort: 3 }],
    ...(chance(0.2) ? { $patch: random.pick(['delete', 'replace', 'merge', 'x']) } : {}),
    ...(chance(0.1) ? { env: [{ name: random.pick(NAMES), value: random.pick(NAMES) }] } : {}),
    ...(chance(0.1) ? { securityContext: randomJson(random, 3) } : {}),
  }))
  return {
    metadata: {
      labels: chance(0.1) ? randomJson(random, 2) : { [random.pick(NAMES)]: chance(0.3) ? null : 'x' },
      finalizers: [random.pick(NAMES)],
      ...(chance(0.3) ? { '$deleteFromPrimitiveList/finalizers': [random.pick(NAMES)] } : {}),
    },
    spec: {
      containers,
      volumes: [
        {
          name: random.pick(NAMES),
          emptyDir: {},
          ...(chance(0.4) ? { $retainKeys: ['name', 'emptyDir'] } : {}),
        },
      ],
      ...order('containers', 'name'),
      ...(chance(0.05) ? { $retainKeys: randomJson(random, 1) } : {}),
    },
  }
}

test('random strategic merge patches', () => {
  let applied = 0
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const schema = random.pick([POD, DEPLOYMENT, SERVICE, CONFIG_MAP])
    const [document, patch] = random.chance(0.5)
      ? [randomPod(random, false), randomPod(random, true)]
      : [randomJson(random, 4), randomJson(random, 4)]
    deepFreeze([document, patch])
    if (onlyStatusErrors(seed, () => applyStrategicMergePatch(document, patch, schema))) applied++
  }
  assert.ok(applied > CASES / 10, `${applied} applied`)
})

test('a strategic merge patch applied twice is the patch applied once', () => {
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const [document, patch] = deepFreeze([randomPod(random, false), randomPod(random, true)])
    onlyStatusErrors(seed, () => {
      const once = deepFreeze(applyStrategicMergePatch(document, patch, POD))
      assert.deepEqual(applyStrategicMergePatch(once, patch, POD), once, `seed ${seed}`)
    })
  }
})

test('random merge patches: what they set is there, what they null is gone, twice is once', () => {
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const document = deepFreeze(randomJson(random, 4))
    const patch = deepFreeze(randomJson(random, 4))
    onlyStatusErrors(seed, () => {
      const once = deepFreeze(applyMergePatch(document, patch)) as Record<string, unknown>
      assert.deepEqual(applyMergePatch(once, patch), once, `seed ${seed}`)
      for (const [key, value] of Object.entries(patch as object)) {
        assert.equal(Object.hasOwn(once, key), value !== null, `seed ${seed}`)
      }
    })
  }
})

test('random JSON patches', () => {
  let applied = 0
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const pointer = () => {
      const tokens = [
        '',
        'a',
        'b',
        '0',
        '1',
        '-',
        '-1',
        '__proto__',
        'constructor',
        'a~1b',
        '~',
        '01',
        '99999999999',
      ]
      return Array.from({ length: random.below(3) }, () => `/${random.pick(tokens)}`).join('')
    }
    const operations = Array.from({ length: 1 + random.below(6) }, () => ({
      op: random.pick(['add', 'add', 'remove', 'replace', 'move', 'copy', 'test', 'x']),
      path: random.chance(0.95) ? pointer() : randomJson(random, 1),
      from: pointer(),
      value: randomJson(random, 2),
    }))
    const document = deepFreeze({ a: [1, { b: 2 }], b: randomJson(random, 3) })
    deepFreeze(operations)
    if (onlyStatusErrors(seed, () => applyJsonPatch(document, operations))) applied++
  }
  assert.ok(applied > CASES / 100, `${applied} applied`)
  assert.equal(Object.keys(Object.prototype).length, 0)
})
