// `brume down` and `brume reset`: end a running cloud, with its workloads if asked; take its data away.

import { existsSync, globSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError } from '@brume/store/contract'
import type { Lock } from '@brume/store/sqlite/lock'
import { lockStore } from '@brume/store/sqlite/open'
import { type DataDir, dataDirAt } from './data-dir.ts'
import { type Running, runningIn } from './running.ts'
import { UserError } from './user-error.ts'
import { endWorkloads, hasRuntime, removeNode } from './workloads.ts'

const STOP_LIMIT_MS = 15_000
const POLL_MS = 50

/** For containers, between SIGTERM and SIGKILL: what a pod has when it says nothing. */
const GRACE_SECONDS = 30

/** Stops what runs on the data directory; nothing running is no error. Returns the exit code. */
export async function down(dataDir: string, { workloads = false } = {}): Promise<number> {
  const dir = dataDirAt(dataDir)
  const running = runningIn(dir)
  if (running === undefined) process.stdout.write(`nothing runs on ${dir.root}\n`)
  else await end(dir, running)
  if (workloads) {
    if (hasRuntime(dir)) process.stderr.write(`stopping containers, ${GRACE_SECONDS} s each at most\n`)
    const stopped = await endWorkloads(dir, GRACE_SECONDS)
    process.stdout.write(`stopped ${stopped === 1 ? '1 pod' : `${stopped} pods`}\n`)
  } else if (hasRuntime(dir)) {
    process.stdout.write(
      `containers go on; they are stopped by: ./brume down --stop-workloads --data-dir ${dir.root}\n`,
    )
  }
  return 0
}

async function end(dir: DataDir, running: Running): Promise<void> {
  process.kill(running.pid, 'SIGTERM')
  const limit = Date.now() + STOP_LIMIT_MS
  while (isAlive(running.pid)) {
    if (Date.now() > limit) {
      throw new UserError(
        `process ${running.pid} did not stop within ${STOP_LIMIT_MS / 1000} s`,
        `kill -9 ${running.pid}   (acknowledged writes are safe)`,
      )
    }
    await sleep(POLL_MS)
  }
  rmSync(dir.running, { force: true })
  process.stdout.write(`stopped ${running.url}\n`)
}

/** Removes all state of a data directory. Refuses a folder that is no data directory of Brume. */
export async function reset(dataDir: string, yes: boolean): Promise<number> {
  const dir = dataDirAt(dataDir)
  if (!existsSync(dir.root)) {
    process.stdout.write(`${dir.root} does not exist\n`)
    return 0
  }
  const parts = [dir.pki, dir.store, join(dir.root, 'node', 'containerd')]
  if (!parts.some((path) => existsSync(path))) {
    throw new UserError(
      `${dir.root} is no data directory of Brume: nothing was removed`,
      'name one: ./brume reset --data-dir DIR',
    )
  }
  if (!yes && !(await confirmed(`Remove all state in ${dir.root}? Type yes: `))) {
    process.stdout.write('nothing was removed\n')
    return 1
  }
  const running = runningIn(dir)
  if (running !== undefined) await end(dir, running)
  const lock = lockOf(dir)
  if (hasRuntime(dir)) process.stderr.write('removing containers, network and images\n')
  await removeNode(dir)
  for (const path of [
    dir.store,
    dir.pki,
    ...globSync(`${basename(dir.pki)}.before-restore-*`, { cwd: dir.root }).map((name) =>
      join(dir.root, name),
    ),
    dir.encryptionKeys,
    dir.images,
    dirname(dir.log),
    dirname(dir.auditLog),
    join(dir.root, 'gateway'),
    join(dir.root, 'network.json'),
    join(dir.root, 'joined.json'),
    dir.kubeconfig,
    `${dir.kubeconfig}.new`,
    dir.running,
  ]) {
    rmSync(path, { recursive: true, force: true })
  }
  lock.release()
  process.stdout.write(`removed the state in ${dir.root}\n`)
  return 0
}

/** Whoever runs on the directory without saying so in running.json keeps it. */
function lockOf(dir: DataDir): Lock {
  try {
    return lockStore(dir.store)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new UserError(error.message, 'stop that process, then run this again', { cause: error })
  }
}

/** Only a terminal is asked; a script that calls reset means it. */
async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(question)
  terminal.close()
  return answer.trim() === 'yes'
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
