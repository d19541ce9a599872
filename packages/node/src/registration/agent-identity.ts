// Which agent this is: a name of its own that lasts as long as its directory, and the process that it is just now. Two
// agents that call themselves by one node's name are told apart by it.

import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface AgentIdentity {
  /** Kept in the node's directory. */
  instance: string
  bootId: string
  pid: number
  /** When the process began, in the kernel's clock ticks since the boot: process ids are used again. */
  startTicks: string
}

const FILE = 'agent-id'

/** Makes the directory and the name when they are not there. */
export function ownIdentity(root: string, bootId: string): AgentIdentity {
  return { instance: instanceOf(root), bootId, pid: process.pid, startTicks: startTicksOf(process.pid) ?? '' }
}

/** As it stands in an annotation. */
export function identityText({ instance, bootId, pid, startTicks }: AgentIdentity): string {
  return [instance, bootId, pid, startTicks].join('/')
}

/** undefined for a text that no agent wrote. */
export function parseIdentity(text: string | undefined): AgentIdentity | undefined {
  const match = /^([^/]+)\/([^/]*)\/(\d+)\/(\d*)$/.exec(text ?? '')
  if (match === null) return undefined
  const [, instance = '', bootId = '', pid, startTicks = ''] = match
  return { instance, bootId, pid: Number(pid), startTicks }
}

/** Whether that process still runs on this machine; only meaningful for an identity of this boot. */
export function isAlive({ pid, startTicks }: AgentIdentity): boolean {
  return startTicksOf(pid) === startTicks
}

function instanceOf(root: string): string {
  const path = join(root, FILE)
  try {
    const known = readFileSync(path, 'utf8').trim()
    if (known !== '' && !known.includes('/')) return known
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const instance = randomUUID()
  mkdirSync(root, { recursive: true })
  writeFileSync(path, `${instance}\n`, { mode: 0o600 })
  return instance
}

/** Field 22 of /proc/PID/stat; the command's name before it may hold anything, so fields are counted from its end. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
