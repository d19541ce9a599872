// What keeps the HTTP edge from serving, as it says on its IngressClass.

import { EDGE_PROBLEM } from '@brume/api/edge'
import type { KubeObject } from '@brume/api/object'

const NEXT = ' Next: '

/** The sentence, and the command to run next. */
export function edgeProblem({ metadata }: KubeObject): { what: string; next: string } | undefined {
  const text = metadata.annotations?.[EDGE_PROBLEM]
  if (text === undefined) return undefined
  const [what = '', next = './brume logs'] = text.split(NEXT)
  return { what: what.replace(/\.$/, ''), next }
}
