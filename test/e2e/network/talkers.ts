// Starts talkers (talker.ts) in network namespaces and asks through them: one process for each, so that a question costs
// a connection and no start of a program.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Protocol = 'tcp' | 'udp'

export interface Asking {
  host: string
  port: number
  protocol: Protocol
  /** What is not answered by then is taken for dropped. */
  limitMs: number
  /** UDP: from this port; default: any. */
  sourcePort?: number
}

export interface Talker {
  /** The process that keeps the network namespace. */
  pid: number
  ask(asking: Asking): Promise<string>
}

export interface Ports {
  tcp: readonly number[]
  udp: readonly number[]
}

const PROGRAM = join(import.meta.dirname, 'talker.ts')

export class Talkers {
  readonly #children: ChildProcess[] = []

  /** `own`: in a new network namespace, else in this one. */
  async start(name: string, ports: Ports, { own }: { own: boolean }): Promise<Talker> {
    const program = [process.execPath, PROGRAM, name, ports.tcp.join(','), ports.udp.join(',')]
    const [command, ...args] = own
      ? ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...program]
      : program
    const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#children.push(child)
    const lines = createInterface({ input: child.stdout! })
    const waiting = new Map<number, (heard: string) => void>()
    await once(lines, 'line')
    lines.on('line', (line) => {
      const { id, heard } = JSON.parse(line) as { id: number; heard: string }
      waiting.get(id)?.(heard)
      waiting.delete(id)
    })
    let next = 0
    return {
      pid: child.pid!,
      ask(asking) {
        const id = next++
        return new Promise((resolve) => {
          waiting.set(id, resolve)
          child.stdin!.write(`${JSON.stringify({ id, ...asking })}\n`)
        })
      },
    }
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }
}
