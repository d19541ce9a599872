// Sets of field paths. A set is kept in the very form that FieldsV1 has in JSON, so that the field sets of stored objects
// are used as they are and new ones are stored as they are: an object whose keys are path elements; `{}` is a member,
// `.` beside other keys makes the node itself a member too. Sets are immutable and share nodes.

import { compareElements, describeElement } from './path-element.ts'

export interface FieldSet {
  readonly [element: string]: FieldSet
}

/** Mutable while it is built. */
export interface FieldNode {
  [element: string]: FieldSet
}

export const EMPTY_SET: FieldSet = Object.freeze({})

/** The node of a member without children. */
export const MEMBER: FieldSet = Object.freeze({})

const SELF = '.'

/** No paths at all (asked of a root) or a member without children (asked of a node). */
export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false
  return true
}

export function isMember(node: FieldSet): boolean {
  return node[SELF] !== undefined || isEmpty(node)
}

/** The set with the given paths, each a list of member names: `[['status'], ['metadata', 'labels']]`. */
export function fieldSetOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce((set: FieldSet, names) => {
    const path = names.reduceRight((node: FieldSet, name) => ({ [`f:${name}`]: node }), MEMBER)
    return union(set, path)
  }, EMPTY_SET)
}

/** Whether the path, a list of elements, is in the set. */
export function contains(set: FieldSet, path: readonly string[]): boolean {
  let node = set
  for (const element of path) {
    const child = node[element]
    if (child === undefined) return false
    node = child
  }
  return path.length > 0 && isMember(node)
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  let result: FieldNode | undefined
  let inOrder = true
  for (const element in b) {
    const left = a[element]
    const right = b[element]!
    const node = left === undefined ? right : unionNode(left, right)
    if (node === left) continue
    result ??= { ...a }
    if (left === undefined) inOrder = false
    result[element] = node
  }
  if (result === undefined) return a
  return inOrder ? result : inElementOrder(result)
}

function unionNode(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  if (isEmpty(a)) return isEmpty(b) ? a : withSelf(b)
  if (isEmpty(b)) return withSelf(a)
  return union(a, b)
}

function withSelf(node: FieldSet): FieldSet {
  return node[SELF] === undefined ? { [SELF]: MEMBER, ...node } : node
}

/** The paths of `a` that are not in `b`; what lies below a path of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, false)
}

/** The paths of `a` that neither are in `b` nor lie below a path of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, true)
}

function subtract(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet {
  if (!meets(a, b)) return a
  // Made anew rather than copied and deleted from: V8 keeps an object that lost a member as a slow dictionary.
  const result: FieldNode = {}
  let same = true
  for (const element in a) {
    const left = a[element]!
    const right = element === SELF ? undefined : b[element]
    const node = right === undefined ? left : subtractNode(left, right, recursive)
    if (node !== left) same = false
    if (node !== undefined) result[element] = node
  }
  return same ? a : result
}

function meets(a: FieldSet, b: FieldSet): boolean {
  for (const element in b) if (a[element] !== undefined && element !== SELF) return true
  return false
}

function subtractNode(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet | undefined {
  const lost = isMember(b)
  if (lost && recursive) return undefined
  if (isEmpty(a)) return lost ? undefined : a
  let node = subtract(a, b, recursive)
  if (lost && node[SELF] !== undefined) {
    const { [SELF]: _, ...rest } = node
    node = rest
    if (isEmpty(node)) return undefined
  }
  // A node that lost its last child is a member if it was one, and `{}` must not make it one.
  if (node !== a && isEmpty(node)) return undefined
  return onlySelf(node) ? MEMBER : node
}

function onlySelf(node: FieldSet): boolean {
  for (const element in node) if (element !== SELF) return false
  return true
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldNode = {}
  for (const element in a) {
    if (element === SELF) continue
    const right = b[element]
    if (right === undefined) continue
    const node = intersectNode(a[element]!, right)
    if (node !== undefined) result[element] = node
  }
  return result
}

function intersectNode(a: FieldSet, b: FieldSet): FieldSet | undefined {
  if (a === b) return a
  const shared = intersection(a, b)
  const both = isMember(a) && isMember(b)
  if (isEmpty(shared)) return both ? MEMBER : undefined
  return both ? { [SELF]: MEMBER, ...shared } : shared
}

/** The paths, each a list of elements: the members of a node come before what lies below its children. */
export function pathsOf(set: FieldSet): string[][] {
  const paths: string[][] = []
  collect(set, [], paths)
  return paths
}

function collect(node: FieldSet, prefix: string[], paths: string[][]): void {
  for (const element in node) {
    if (element !== SELF && isMember(node[element]!)) paths.push([...prefix, element])
  }
  for (const element in node) {
    if (element !== SELF) collect(node[element]!, [...prefix, element], paths)
  }
}

/** As messages show a path: `.spec.containers[name="nginx"].image`. */
export function describePath(path: readonly string[]): string {
  return path.map(describeElement).join('')
}

/** The node with its elements in the order of FieldsV1; itself when they are. */
export function inElementOrder(node: FieldNode): FieldNode {
  let previous: string | undefined
  for (const element in node) {
    if (previous !== undefined && compareElements(previous, element) > 0) return reordered(node)
    previous = element
  }
  return node
}

/** Beyond this many, sorting pays. */
const FEW_ELEMENTS = 32

function reordered(node: FieldNode): FieldNode {
  const elements = Object.keys(node)
  if (elements.length > FEW_ELEMENTS) elements.sort(compareElements)
  else {
    for (let i = 1; i < elements.length; i++) {
      const element = elements[i]!
      let at = i
      for (; at > 0 && compareElements(elements[at - 1]!, element) > 0; at--) elements[at] = elements[at - 1]!
      elements[at] = element
    }
  }
  const result: FieldNode = {}
  for (const element of elements) result[element] = node[element]!
  return result
}
