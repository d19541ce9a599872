// What must hold for any objects: each case is made from a seed, which is printed when it fails.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { StatusError } from '@brume/base/errors'
import { MAX_JSON_DEPTH } from '@brume/base/json'
import { deepClone, deepEqual, deepFreeze } from '@brume/base/values'
import { type ApplyOptions, applyServerSide } from './apply.ts'
import { contains, difference, intersection, isEmpty, pathsOf } from './field-set.ts'
import { formatFieldSet, parseFieldSet } from './field-set-json.ts'
import { fieldSetOf } from './field-set-of.ts'
import { listElement } from './list-element.ts'
import { updateManagedFields } from './managed-fields.ts'
import { type MergeType, memberType, mergeTypeOf } from './merge-type.ts'
import { type Random, randomJson, randomSpec, seeded } from './testing/random.ts'
import { DEPLOYMENT, POD, WIDGET, widget } from './testing/schemas.ts'

const CASES = 800
const DEFAULTS = { schema: WIDGET, apiVersion: 'x.dev/v1', force: false, now: Date.UTC(2026, 0, 1) }

function applied(options: Partial<ApplyOptions> & Pick<ApplyOptions, 'config' | 'manager'>): KubeObject {
  return deepFreeze(applyServerSide({ ...DEFAULTS, live: undefined, ...options }).object)
}

/** A configuration that can be applied: no repeated items, free-form parts without null. */
function config(random: Random): KubeObject {
  const spec = randomSpec(random)
  if (spec.extra !== undefined) spec.extra = { a: random.below(3), b: { c: random.chance(0.5) } }
  return deepFreeze(widget({ spec }))
}

function write(live: KubeObject | undefined, next: KubeObject, manager: string): KubeObject {
  const managedFields = updateManagedFields({ ...DEFAULTS, live, updated: next, manager })
  return deepFreeze({ ...next, metadata: { ...next.metadata, managedFields } })
}

/** Entries without their times: an apply that changes no value has none. */
const owners = ({ metadata }: KubeObject) =>
  metadata.managedFields
    ?.map(({ time: _, ...entry }) => entry)
    .sort((a, b) => ((a.manager ?? '') < (b.manager ?? '') ? -1 : 1))

const values = ({ metadata, ...rest }: KubeObject) => ({
  ...rest,
  metadata: { ...metadata, managedFields: undefined },
})

/** Order of items of sets and of lists with keys says nothing. */
function unordered(object: KubeObject): unknown {
  const sorted = deepClone(values(object)) as KubeObject
  const spec = sorted['spec'] ?? {}
  spec.tags?.sort()
  spec.parts?.sort((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1))
  return sorted
}

test('applying a configuration twice is applying it once', () => {
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    let live = write(undefined, config(random), 'writer')
    live = applied({ live, config: config(random), manager: 'other', force: true })
    const mine = config(random)
    const once = applied({ live, config: mine, manager: 'me', force: true })
    const twice = applyServerSide({ ...DEFAULTS, live: once, config: mine, manager: 'me', force: false })
    assert.equal(twice.changed, false, `seed ${seed}`)
  }
})

test('after an apply the object has what the configuration says, and its applier owns it', () => {
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const live = write(undefined, config(random), 'writer')
    const mine = config(random)
    const object = applied({ live, config: mine, manager: 'me', force: true })
    const said = fieldSetOf(mine['spec'] === undefined ? {} : { spec: mine['spec'] }, WIDGET)
    const has = fieldSetOf(object, WIDGET)
    // What is said to be empty may have been filled by others.
    const missing = pathsOf(difference(said, has)).filter((path) => !exists(object, path))
    assert.deepEqual(missing, [], `seed ${seed}`)
    const entry = object.metadata.managedFields?.find((e) => e.manager === 'me')
    assert.ok(deepEqual(entry?.fieldsV1 ?? {}, said), `seed ${seed}`)
  }
})

test('two appliers without a conflict may come in either order', () => {
  let compared = 0
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const [a, b] = [config(random), config(random)]
    try {
      const ab = applied({ live: applied({ config: a, manager: 'a' }), config: b, manager: 'b' })
      const ba = applied({ live: applied({ config: b, manager: 'b' }), config: a, manager: 'a' })
      assert.deepEqual(unordered(ab), unordered(ba), `seed ${seed}`)
      assert.deepEqual(owners(ab), owners(ba), `seed ${seed}`)
      compared++
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict') throw error
    }
  }
  assert.ok(compared > CASES / 20, `${compared} of ${CASES} without a conflict`)
})

test('an applier that sends nothing any more leaves what others own, and nothing that only it owned', () => {
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const theirs = config(random)
    const live = applied({ config: theirs, manager: 'they' })
    const both = applied({ live, config: config(random), manager: 'me', force: true })
    const left = applied({ live: both, config: deepFreeze(widget()), manager: 'me' })
    const they = left.metadata.managedFields?.find((e) => e.manager === 'they')
    const kept = fieldSetOf(left, WIDGET)
    for (const path of pathsOf(parseFieldSet(they?.fieldsV1))) {
      const known = contains(kept, path) || exists(left, path)
      assert.ok(known, `seed ${seed}: ${path.join(' ')}`)
    }
    assert.equal(left.metadata.managedFields?.some((e) => e.manager === 'me') ?? false, false, `seed ${seed}`)
  }
})

/** Whether anything is at the path, empty lists and objects included. */
function exists(object: KubeObject, path: string[]): boolean {
  // biome-ignore lint/suspicious/noExplicitAny: walks any JSON
  let value: any = object
  let type: MergeType | undefined = mergeTypeOf(WIDGET)
  for (const element of path) {
    const items: unknown[] = Array.isArray(value) ? value : []
    const list: MergeType = type!
    value = element.startsWith('f:')
      ? value?.[element.slice(2)]
      : items.find((item) => listElement(list, item) === element)
    type = memberType(type, element)
  }
  return value !== undefined
}

test('no field has two owners by updates alone', () => {
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    let live: KubeObject | undefined
    for (const manager of ['a', 'b', 'c', 'a']) live = write(live, config(random), manager)
    const sets = (live?.metadata.managedFields ?? []).map((e) => parseFieldSet(e.fieldsV1))
    for (const [i, set] of sets.entries()) {
      for (const other of sets.slice(i + 1)) assert.ok(isEmpty(intersection(set, other)), `seed ${seed}`)
    }
  }
})

test('a field set survives JSON', () => {
  for (let seed = 0; seed < CASES; seed++) {
    const set = fieldSetOf(config(seeded(seed)), WIDGET)
    const json = JSON.stringify(formatFieldSet(set))
    assert.equal(JSON.stringify(parseFieldSet(JSON.parse(json))), json)
  }
})

test('whatever comes as a configuration, a live object or managedFields, nothing but a StatusError is thrown', () => {
  for (let seed = 0; seed < 3000; seed++) {
    const random = seeded(seed)
    const any = () => randomJson(random, 5)
    const schema = random.pick([WIDGET, DEPLOYMENT, POD])
    const hostile = (): KubeObject => {
      const object = widget({
        spec: random.chance(0.5) ? any() : { ...randomSpec(random), parts: any(), tags: any() },
      })
      if (random.chance(0.3)) object.metadata.labels = any()
      if (random.chance(0.3)) object.metadata.annotations = any()
      return object
    }
    const live = hostile()
    if (random.chance(0.7))
      live.metadata.managedFields = updateManagedFields({
        ...DEFAULTS,
        schema,
        live: undefined,
        updated: hostile(),
        manager: 'x',
      })
    deepFreeze(live)
    const next = hostile()
    if (random.chance(0.5)) next.metadata.managedFields = any() as never
    const manager = random.pick(['kubectl', 'me'])
    updateManagedFields({ ...DEFAULTS, schema, live, updated: deepFreeze(next), manager })
    try {
      applyServerSide({
        ...DEFAULTS,
        schema,
        live,
        config: deepFreeze(hostile()),
        manager,
        force: random.chance(0.5),
      })
    } catch (error) {
      assert.ok(error instanceof StatusError, `seed ${seed}: ${(error as Error).stack}`)
    }
  }
})

test('values as deep as the parser lets through are compared, merged and pruned', () => {
  const nested = (leaf: unknown) => {
    let value = leaf
    for (let depth = 0; depth < MAX_JSON_DEPTH; depth++) value = { a: value }
    return widget({ spec: { extra: value } })
  }
  const live = write(undefined, nested(1), 'writer')
  const mine = applied({ live, config: nested(2), manager: 'me', force: true })
  assert.ok(deepEqual(values(mine), values(nested(2))))
  const gone = applied({ live: mine, config: widget({ spec: {} }), manager: 'me' })
  assert.equal(JSON.stringify(gone).includes('2,'), false)
  assert.equal(
    write(mine, nested(3), 'third').metadata.managedFields?.some((e) => e.manager === 'third'),
    true,
  )
})
