// What nodes use, asked of their agents when somebody wants to know, and remembered for a moment. Nothing is asked
// while nobody looks.

import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { NodeAgents } from '../nodes/agents.ts'
import { type NodeUsage, readSummary } from './summary.ts'

export interface UsageSource {
  /** By node name; nodes that cannot be asked now are left out. */
  usageOf(nodes: Iterable<string>): Promise<Map<string, NodeUsage>>
  /** What was heard last, however old, without asking. */
  lastKnown(node: string): NodeUsage | undefined
}

export interface UsageSourceOptions {
  agents: Pick<NodeAgents, 'request'>
  clock: Clock
  logger: Logger
  /** How long an answer of an agent stands. Default 10 s: agents measure no oftener. */
  freshMs?: number
}

const FRESH_MS = 10_000
const ANSWER_MS = 5_000
const MAX_AT_ONCE = 32
const MAX_BYTES = 16 * 1024 * 1024

interface Heard {
  atMs: number
  usage: NodeUsage | undefined
}

export function usageSource({ agents, clock, logger, freshMs = FRESH_MS }: UsageSourceOptions): UsageSource {
  const heard = new Map<string, Heard>()
  const asking = new Map<string, Promise<NodeUsage | undefined>>()
  const last = new Map<string, NodeUsage>()
  const ask = async (node: string) => {
    let usage: NodeUsage | undefined
    try {
      usage = readSummary(await summaryOf(agents, node))
      last.set(node, usage)
    } catch (error) {
      logger.debug('a node did not say what it uses', { node, error: String(error) })
    }
    heard.set(node, { atMs: clock.now(), usage })
    asking.delete(node)
    return usage
  }
  const current = (node: string): Promise<NodeUsage | undefined> => {
    const known = heard.get(node)
    if (known !== undefined && clock.now() - known.atMs < freshMs) return Promise.resolve(known.usage)
    let answer = asking.get(node)
    if (answer === undefined) {
      answer = ask(node)
      asking.set(node, answer)
    }
    return answer
  }
  return {
    async usageOf(nodes) {
      const found = new Map<string, NodeUsage>()
      const left = [...new Set(nodes)]
      const worker = async () => {
        for (let node = left.pop(); node !== undefined; node = left.pop()) {
          const usage = await current(node)
          if (usage !== undefined) found.set(node, usage)
        }
      }
      await Promise.all(Array.from({ length: Math.min(MAX_AT_ONCE, left.length) }, worker))
      return found
    },
    lastKnown: (node) => last.get(node),
  }
}

async function summaryOf(agents: Pick<NodeAgents, 'request'>, node: string): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_MS)
  const message = await agents.request({ node, method: 'GET', path: '/stats/summary', signal })
  if (message.statusCode !== 200) {
    message.resume()
    throw new Error(`the agent answered ${message.statusCode}`)
  }
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of message) {
    bytes += (piece as Buffer).length
    if (bytes > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`)
    pieces.push(piece as Buffer)
  }
  return Buffer.concat(pieces).toString('utf8')
}
