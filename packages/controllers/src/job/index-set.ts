// Sets of completion indexes, from and to the text of a Job's status.

import { IndexesError, parseIndexes } from '@brume/api/kinds/batch/indexes'
import type { KubeObject } from '@brume/api/object'

export const INDEX = 'batch.kubernetes.io/job-completion-index'

/** What the text names below `completions`; a text that is none counts as empty. */
export function indexSet(text: string | undefined | null, completions: number): Set<number> {
  const indexes = new Set<number>()
  try {
    // Completions may have been lowered (elastic Jobs): what is beyond is dropped below, not refused.
    for (const [first, last] of parseIndexes(text ?? '', Number.MAX_SAFE_INTEGER)) {
      for (let index = first; index <= Math.min(last, completions - 1); index++) indexes.add(index)
    }
  } catch (error) {
    if (!(error instanceof IndexesError)) throw error
  }
  return indexes
}

/** `0,2-4`. */
export function indexText(indexes: Iterable<number>): string {
  const parts: [number, number][] = []
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = parts.at(-1)
    if (last !== undefined && last[1] === index - 1) last[1] = index
    else parts.push([index, index])
  }
  return parts
    .map(([first, last]) => {
      if (first === last) return `${first}`
      return last === first + 1 ? `${first},${last}` : `${first}-${last}`
    })
    .join()
}

/** undefined: the pod has none. */
export function indexOf({ metadata }: KubeObject): number | undefined {
  const text = metadata.annotations?.[INDEX]
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
