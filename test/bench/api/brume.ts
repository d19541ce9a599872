// Brume as a child process, as the launcher starts it.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { Auth } from './connection.ts'
import type { Target } from './target.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const READY_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 15_000

export async function startBrume(dir: string, more: readonly string[] = []): Promise<Target> {
  const main = join(ROOT, 'packages', 'server', 'src', 'main.ts')
  const args = [
    ...launcherFlags(),
    main,
    'up',
    '--data-dir',
    dir,
    '--listen',
    '127.0.0.1:0',
    '--no-node',
    ...more,
  ]
  const started = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let url: string
  try {
    url = await untilReady(child)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return {
    name: 'brume',
    readyMs: performance.now() - started,
    url,
    admin: adminOf(join(dir, 'kubeconfig')),
    pids: [child.pid!],
    stop: () => stopProcess(child),
  }
}

/** The flags that `./brume up` gives to Node. */
function launcherFlags(): string[] {
  const flags = /^up_flags='([^']*)'$/m.exec(readFileSync(join(ROOT, 'brume'), 'utf8'))?.[1]
  return flags?.split(' ').filter((flag) => flag !== '') ?? []
}

async function untilReady(child: ChildProcess): Promise<string> {
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_LIMIT_MS)
  let url = ''
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line.startsWith('api: ')) url = line.slice('api: '.length)
      if (line === 'ready') return url
    }
  } finally {
    clearTimeout(timer)
  }
  throw new Error('brume up ended before it was ready')
}

function adminOf(kubeconfig: string): Auth {
  const { user } = parse(readFileSync(kubeconfig, 'utf8')).users[0]
  const text = (field: string) => Buffer.from(user[field], 'base64').toString()
  return { cert: text('client-certificate-data'), key: text('client-key-data') }
}

/** SIGTERM, and SIGKILL for one that does not listen. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  await exited
  clearTimeout(timer)
}
