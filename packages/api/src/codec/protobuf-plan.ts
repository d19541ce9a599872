// The messages behind a JSON shape: a field that JSON inlines sits in a nested message on the wire, so one ObjectSchema
// is a small tree of messages. Made once for each schema.

import type { FieldSchema, ObjectSchema, Schema } from '../schema/schema.ts'

export interface MessagePlan {
  /** In ascending order of field numbers. */
  entries: Entry[]
  /** Field number -> entry. Sparse: numbers are small, and an array is the fastest table. */
  byNumber: Entry[]
}

export interface ObjectPlan extends MessagePlan {
  /** JSON name -> slot. Values are gathered by slot once, for missing properties are slow to look up. */
  slots: ReadonlyMap<string, number>
}

export type Entry = FieldEntry | { kind: 'embedded'; number: number; plan: MessagePlan }

export interface FieldEntry {
  kind: 'field'
  number: number
  field: FieldSchema
  slot: number
  /** Go writes it even when it is zero. */
  always: boolean
}

/** By the fields, which copies of a schema with other markers share. */
const plans = new WeakMap<ReadonlyMap<string, FieldSchema>, ObjectPlan>()

export function messagePlan(schema: ObjectSchema): ObjectPlan {
  const known = plans.get(schema.fields)
  if (known !== undefined) return known
  const slots = new Map<string, number>()
  const plan: ObjectPlan = { entries: [], byNumber: [], slots }
  for (const field of schema.fields.values()) {
    if (field.number === 0) continue
    const always = !field.pointer && isWrittenWhenZero(field.schema)
    place(plan, field.protoPath ?? [], {
      kind: 'field',
      number: field.number,
      field,
      slot: slots.size,
      always,
    })
    slots.set(field.name, slots.size)
  }
  sort(plan)
  plans.set(schema.fields, plan)
  return plan
}

/** Go leaves out nil slices, maps and bytes; structs and scalars that are no pointers are always there. */
export function isWrittenWhenZero(schema: Schema): boolean {
  if (schema.kind === 'list' || schema.kind === 'map') return false
  if (schema.kind === 'any') return schema.proto !== undefined
  return schema.kind !== 'scalar' || schema.scalar !== 'bytes'
}

function place(plan: MessagePlan, path: readonly number[], field: FieldEntry): void {
  const [first, ...rest] = path
  if (first === undefined) {
    plan.byNumber[field.number] = field
    return
  }
  let entry = plan.byNumber[first]
  if (entry?.kind !== 'embedded') {
    entry = { kind: 'embedded', number: first, plan: { entries: [], byNumber: [] } }
    plan.byNumber[first] = entry
  }
  place(entry.plan, rest, field)
}

function sort(plan: MessagePlan): void {
  plan.entries = plan.byNumber.filter((entry) => entry !== undefined)
  for (const entry of plan.entries) if (entry.kind === 'embedded') sort(entry.plan)
}
