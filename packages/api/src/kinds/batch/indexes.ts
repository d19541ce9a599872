// Sets of pod indexes as Jobs write them: `0,2-4`, increasing.

export class IndexesError extends Error {
  override name = 'IndexesError'
}

/** How many indexes the text names. Throws IndexesError. */
export function countIndexes(text: string, completions: number): number {
  return parseIndexes(text, completions).reduce((sum, [first, last]) => sum + last - first + 1, 0)
}

/** Inclusive intervals in order. Throws IndexesError for anything below `0 <= first <= last < completions`. */
export function parseIndexes(text: string, completions: number): [number, number][] {
  if (text === '') return []
  const intervals: [number, number][] = []
  for (const part of text.split(',')) {
    const interval = parseInterval(part, completions)
    const previous = intervals.at(-1)?.[1]
    if (previous !== undefined && previous >= interval[0]) {
      throw new IndexesError(`non-increasing order, previous: ${previous}, current: ${interval[0]}`)
    }
    intervals.push(interval)
  }
  return intervals
}

/** The first index that is in both, or undefined. */
export function firstOverlap(a: [number, number][], b: [number, number][]): number | undefined {
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const [aFirst, aLast] = a[i]!
    const [bFirst, bLast] = b[j]!
    if (aFirst <= bLast && bFirst <= aLast) return Math.max(aFirst, bFirst)
    if (aFirst <= bFirst) i += 1
    else j += 1
  }
  return undefined
}

function parseInterval(part: string, completions: number): [number, number] {
  const limits = part.split('-')
  if (limits.length > 2) {
    const why = `violates the requirement that an index interval can have at most two parts separated by '-'`
    throw new IndexesError(`the fragment ${JSON.stringify(part)} ${why}`)
  }
  const first = parseIndex(limits[0]!, completions)
  if (limits.length === 1) return [first, first]
  const last = parseIndex(limits[1]!, completions)
  if (first >= last) throw new IndexesError(`non-increasing order, previous: ${first}, current: ${last}`)
  return [first, last]
}

function parseIndex(text: string, completions: number): number {
  if (!/^\+?[0-9]{1,15}$/.test(text)) {
    throw new IndexesError(`cannot convert string to integer for index: ${JSON.stringify(text)}`)
  }
  const index = Number(text)
  if (index >= completions) throw new IndexesError(`too large index: ${JSON.stringify(text)}`)
  return index
}
