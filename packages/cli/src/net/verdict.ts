// What the objects say and what a real connection says, as one sentence. The connection has the last word. Pure.

import type { Attempt } from './attempt.ts'
import type { Path } from './path.ts'

export interface Verdict {
  reachable: boolean
  sentence: string
  next?: string
}

/** Of each family that there is, in one: reachable where all are. */
export function together(all: readonly { family: 4 | 6; verdict: Verdict }[]): Verdict {
  const [first] = all
  const isOne = all.every(({ verdict }) => verdict.sentence === first!.verdict.sentence)
  if (isOne) return first!.verdict
  const bad = all.find(({ verdict }) => !verdict.reachable)?.verdict
  const sentence = all.map(({ family, verdict }) => `by IPv${family}: ${verdict.sentence}`).join('; ')
  return {
    reachable: bad === undefined,
    sentence,
    ...(bad?.next === undefined ? {} : { next: bad.next }),
  }
}

/** `tried` undefined: nothing was tried. */
export function verdictOf(path: Path, tried: Attempt | undefined): Verdict {
  const { isOpen, sentence, attempt, pods } = path
  const next = path.next === undefined ? {} : { next: path.next }
  if (tried === undefined) return { reachable: isOpen, sentence, ...next }
  if (typeof tried === 'object')
    return { reachable: isOpen, sentence: `${sentence} (not tried: ${tried.notTried})`, ...next }
  if (tried === 'connected') {
    if (isOpen) return { reachable: true, sentence: `${sentence}; a connection was made` }
    return { reachable: true, sentence: `a connection was made, although ${sentence}`, ...next }
  }
  if (!isOpen) return { reachable: false, sentence, ...next }
  const [pod] = pods
  const logs =
    pod === undefined ? {} : { next: `kubectl logs ${pod.metadata.name} -n ${pod.metadata.namespace}` }
  if (tried === 'unknown-name') return { reachable: false, sentence: `the name ${attempt!.host} is unknown` }
  if (tried === 'silent') {
    const who = pod === undefined ? attempt!.host : `the node of ${pod.metadata.name}`
    return {
      reachable: false,
      sentence: `${sentence}, but nothing came back from ${who}: a firewall, or a cut between the machines`,
      next: './brume doctor',
    }
  }
  const who =
    pod === undefined ? attempt!.host : pods.map(({ metadata }) => `pod ${metadata.name}`).join(' or ')
  return {
    reachable: false,
    sentence: `${sentence}, but the connection was refused: nobody listens at this port in ${who}`,
    ...logs,
  }
}
