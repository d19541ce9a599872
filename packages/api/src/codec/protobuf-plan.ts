// The messages behind a JSON shape: a field that JSON inlines sits in a nested message on the wire, so one ObjectSchema
// is a small tree of messages. Made once for each schema.

import type { FieldSchema, ObjectSchema } from '../schema/schema.ts'

export interface MessagePlan {
  /** In ascending order of field numbers. */
  entries: Entry[]
  byNumber: Map<number, Entry>
}

export type Entry =
  | { kind: 'field'; number: number; field: FieldSchema }
  /** A message whose fields belong to the same JSON object. */
  | { kind: 'embedded'; number: number; plan: MessagePlan }

const plans = new WeakMap<ReadonlyMap<string, FieldSchema>, MessagePlan>()

export function messagePlan(schema: ObjectSchema): MessagePlan {
  const known = plans.get(schema.fields)
  if (known !== undefined) return known
  const plan = emptyPlan()
  for (const field of schema.fields.values()) {
    if (field.number > 0) place(plan, field.protoPath ?? [], field)
  }
  sort(plan)
  plans.set(schema.fields, plan)
  return plan
}

function emptyPlan(): MessagePlan {
  return { entries: [], byNumber: new Map() }
}

function place(plan: MessagePlan, path: readonly number[], field: FieldSchema): void {
  const [first, ...rest] = path
  if (first === undefined) {
    plan.byNumber.set(field.number, { kind: 'field', number: field.number, field })
    return
  }
  let entry = plan.byNumber.get(first)
  if (entry?.kind !== 'embedded') {
    entry = { kind: 'embedded', number: first, plan: emptyPlan() }
    plan.byNumber.set(first, entry)
  }
  place(entry.plan, rest, field)
}

function sort(plan: MessagePlan): void {
  plan.entries = [...plan.byNumber.values()].sort((a, b) => a.number - b.number)
  for (const entry of plan.entries) if (entry.kind === 'embedded') sort(entry.plan)
}
