// `--volume`: where data lives, in one word.

import { UsageError } from '@brume/base/command-line'

export interface VolumeRequest {
  path: string
  readOnly: boolean
  source: VolumeSource
}

export type VolumeSource =
  /** As long as the pod. */
  | { type: 'passing' }
  /** A claim that is made with the app, of this size. */
  | { type: 'new'; size: string }
  | { type: 'claim'; name: string }
  | { type: 'configmap'; name: string }
  | { type: 'secret'; name: string }
  /** A directory or file of the node. */
  | { type: 'host'; path: string }

const NAMED = ['configmap', 'secret', 'host'] as const
const SIZE = /^\d+(\.\d+)?([kMGTP]|[KMGTP]i)$/
const FORMS =
  '/PATH, SIZE:/PATH (kept), CLAIM:/PATH, configmap:NAME:/PATH, secret:NAME:/PATH or host:/DIR:/PATH, with :ro for read-only'

/** Throws UsageError. */
export function parseVolume(text: string): VolumeRequest {
  const words = text.split(':')
  const readOnly = words.at(-1) === 'ro'
  if (readOnly) words.pop()
  const path = words.pop() ?? ''
  const source = sourceOf(words)
  if (source === undefined || !path.startsWith('/')) {
    throw new UsageError(`--volume ${text}: it is ${FORMS}. See: ./brume run --help`)
  }
  return { path, readOnly, source }
}

function sourceOf(words: readonly string[]): VolumeSource | undefined {
  const [first, second] = words
  if (first === undefined) return { type: 'passing' }
  if (words.length === 1 && SIZE.test(first)) return { type: 'new', size: first }
  const type = NAMED.find((name) => name === first)
  if (type === undefined)
    return words.length === 1 && first !== '' ? { type: 'claim', name: first } : undefined
  if (words.length !== 2 || second === undefined || second === '') return undefined
  if (type === 'host') return second.startsWith('/') ? { type, path: second } : undefined
  return { type, name: second }
}
