// What the kernel tells of HAProxy's processes while one takes over from another.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parentOf, processId, processIds, signalProcess } from '@brume/machine/process-id'

/** The number of SIGUSR2 as a bit of proc(5)'s masks. */
const SIGUSR2 = 1n << 11n
/** Ports are bound before the first connection, and descriptors are given from below. */
const LISTENERS_BELOW = 4096
const LETTING_GO_LIMIT_MS = 5000
const LETTING_GO_LOOK_MS = 5
const TOLD_AGAIN_MS = 1000

/**
 * Whether a master hears SIGUSR2. One that is just becoming its own successor ignores it, and what it is told then is
 * lost. False when it is gone.
 */
export function hearsReloads(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const has = (mask: string) =>
      (BigInt(`0x${new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`) & SIGUSR2) !== 0n
    return has('SigCgt') && !has('SigBlk')
  } catch {
    return false
  }
}

/** The workers of a master, those that are about to end among them. */
export function workersOf(master: number): number[] {
  return processIds().filter((pid) => parentOf(pid) === master)
}

/**
 * Waits until none of some workers listens where the newest one does: until then some are answered as before. One that
 * did not hear that it is to end is told again. False: it listens still.
 */
export async function letGo(workers: readonly number[], newest: number): Promise<boolean> {
  const others = workers.filter((pid) => pid !== newest).map(processId)
  const listening = () => others.filter((one) => one !== undefined && listenAtTheSame(one.pid, newest))
  let again = Date.now() + TOLD_AGAIN_MS
  const limit = Date.now() + LETTING_GO_LIMIT_MS
  for (let left = listening(); left.length > 0; left = listening()) {
    if (Date.now() > limit) return false
    if (Date.now() > again) {
      for (const one of left) signalProcess(one!, 'SIGUSR1')
      again = limit
    }
    await pause(LETTING_GO_LOOK_MS)
  }
  return true
}

/** False when one is gone. */
function listenAtTheSame(before: number, now: number): boolean {
  const first = socketsOf(before)
  return socketsOf(now).some((socket) => first.includes(socket))
}

function socketsOf(pid: number): string[] {
  return descriptorsOf(pid)
    .map((fd) => targetOf(`/proc/${pid}/fd/${fd}`))
    .filter((target) => target.startsWith('socket:'))
}

function descriptorsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
      .map(Number)
      .filter((fd) => fd < LISTENERS_BELOW)
  } catch {
    return []
  }
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
