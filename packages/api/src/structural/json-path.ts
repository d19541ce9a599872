// Kubernetes' JSONPath, as far as CRDs use it (printer columns, selectable fields, scale paths): fields, quoted
// fields, indexes, slices, wildcards, unions, filters and recursive descent. Evaluation is bounded in steps.

import { compareValues } from './json-path-compare.ts'
import type { JsonPath, Operand, PathNode } from './json-path-parse.ts'

/** Steps after which an evaluation gives up with what it has found: recursive descent multiplies. */
const MAX_STEPS = 20_000

/** Everything the path leads to, in order. Missing keys lead nowhere. */
export function evaluateJsonPath(path: JsonPath, value: unknown): unknown[] {
  return walk(path.nodes, [value], { steps: 0 })
}

interface Budget {
  steps: number
}

function walk(nodes: readonly PathNode[], start: unknown[], budget: Budget): unknown[] {
  let current = start
  for (const node of nodes) {
    const next: unknown[] = []
    for (const value of current) {
      if (++budget.steps > MAX_STEPS) return next
      step(node, value, next, budget)
    }
    current = next
  }
  return current
}

function step(node: PathNode, value: unknown, out: unknown[], budget: Budget): void {
  switch (node.kind) {
    case 'field':
      if (isObject(value) && Object.hasOwn(value, node.name)) out.push(value[node.name])
      return
    case 'index': {
      if (!Array.isArray(value)) return
      const at = node.index < 0 ? value.length + node.index : node.index
      if (at >= 0 && at < value.length) out.push(value[at])
      return
    }
    case 'slice':
      if (Array.isArray(value)) slice(node, value, out, budget)
      return
    case 'wildcard':
      for (const item of childrenOf(value)) {
        if (++budget.steps > MAX_STEPS) return
        out.push(item)
      }
      return
    case 'recursive':
      descend(value, out, budget)
      return
    case 'union':
      for (const alternative of node.alternatives) step(alternative, value, out, budget)
      return
    case 'filter':
      if (!Array.isArray(value)) return
      for (const item of value) {
        if (++budget.steps > MAX_STEPS) return
        if (accepts(node, item, budget)) out.push(item)
      }
  }
}

function slice(
  node: { start?: number; end?: number; step: number },
  list: unknown[],
  out: unknown[],
  budget: Budget,
): void {
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? list.length + at : at, 0), list.length)
  const end = clamp(node.end ?? list.length)
  for (let i = clamp(node.start ?? 0); i < end; i += node.step) {
    if (++budget.steps > MAX_STEPS) return
    out.push(list[i])
  }
}

/** The value itself and everything below it, parents first. */
function descend(value: unknown, out: unknown[], budget: Budget): void {
  const open = [value]
  while (open.length > 0 && ++budget.steps <= MAX_STEPS) {
    const next = open.pop()
    out.push(next)
    const below = childrenOf(next)
    for (let i = below.length - 1; i >= 0; i--) open.push(below[i])
  }
}

function accepts(filter: Extract<PathNode, { kind: 'filter' }>, item: unknown, budget: Budget): boolean {
  const left = operandOf(filter.left, item, budget)
  if (filter.operator === 'exists') return left.length > 0
  const right = filter.right === undefined ? [] : operandOf(filter.right, item, budget)
  if (left.length === 0 || right.length === 0) return false
  return compareValues(left[0], filter.operator, right[0])
}

function operandOf(operand: Operand, item: unknown, budget: Budget): unknown[] {
  return operand.kind === 'literal' ? [operand.value] : walk(operand.nodes, [item], budget)
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return isObject(value) ? Object.values(value) : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
