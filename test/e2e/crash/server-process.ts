// The real server as a process of its own on a data directory: started, asked, killed, started again.

import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from '@brume/client/client'
import type { HttpTransport } from '@brume/client/http-transport'
import { connectTransport, loadConnection } from '@brume/client/kubeconfig'

const ROOT = resolve(import.meta.dirname, '../../..')
export const MAIN = join(ROOT, 'packages/server/src/main.ts')
/** Machines that run tests are slow and shared. */
const READY_LIMIT_MS = 60_000
export const EXIT_LIMIT_MS = 30_000

export interface StartOptions {
  /** The file that Node runs; default: the server's own. */
  entry?: string
  /** Instead of `--no-node`. */
  options?: readonly string[]
  /** Instead of `up` with all of its options. */
  args?: readonly string[]
  /** Path of the network namespace that stands for its machine; default: this one. */
  netns?: string
  env?: Record<string, string>
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface ServerProcess {
  readonly pid: number
  /** Everything printed on standard error. */
  readonly stderr: string
  readonly exited: Promise<Exit>
  /** Resolves when "ready" was printed; rejects when the process ended instead. */
  ready(): Promise<Client>
  /** Resolves when a line that begins so was printed. */
  printed(start: string): Promise<void>
  /** Another client with its own connection; the server must have been ready. */
  connect(): Client
  kill(signal: NodeJS.Signals): Promise<Exit>
  /** To an entry that listens (faulty-main.ts); resolves when it has answered. */
  send(message: object): Promise<void>
}

export function startServer(dataDir: string, options: StartOptions = {}): ServerProcess {
  const { entry = MAIN, env = {} } = options
  const more = options.options ?? ['--no-node']
  const args = options.args ?? ['up', '--data-dir', dataDir, '--listen', '127.0.0.1:0', ...more]
  const [program, ...argv] = commandIn(options.netns, [entry, ...args])
  const child = spawn(program!, argv, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const clients: Client[] = []
  const connect = () => {
    const client = new Client({ transport: connectTo(dataDir) })
    clients.push(client)
    return client
  }
  const printed = printedLines(child, exited, () => stderr)
  const printedReady = printed('ready')
  printedReady.catch(() => {})
  void exited.then(() => {
    for (const { transport } of clients) transport.close()
  })
  return {
    pid: child.pid!,
    get stderr() {
      return stderr
    },
    exited,
    connect,
    printed,
    ready: async () => {
      await printedReady
      return connect()
    },
    kill(signal) {
      child.kill(signal)
      return within(EXIT_LIMIT_MS, `the exit after ${signal}`, exited)
    },
    send: async (message) => {
      const answered = new Promise<void>((resolve) => child.once('message', () => resolve()))
      child.send(message)
      await within(EXIT_LIMIT_MS, 'the answer to a message', answered)
    },
  }
}

/** Node with these arguments, in a machine's network; the process is Node's own either way. */
function commandIn(netns: string | undefined, args: readonly string[]): string[] {
  return [...(netns === undefined ? [] : ['nsenter', `--net=${netns}`]), process.execPath, ...args]
}

/** As the administrator of a data directory. */
export function connectTo(dataDir: string): HttpTransport {
  return connectTransport(loadConnection({ paths: [join(dataDir, 'kubeconfig')], env: {} }))
}

export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a command of the server's entry (`down`, `reset`, `restore`, an `up` that is to fail) to its end. */
export async function runMain(args: readonly string[], netns?: string): Promise<CommandResult> {
  const [program, ...argv] = commandIn(netns, [MAIN, ...args])
  const child = spawn(program!, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const done = new Promise<number | null>((resolve) => child.once('close', resolve))
  try {
    return { code: await within(EXIT_LIMIT_MS, `the end of ${args.join(' ')}`, done), stdout, stderr }
  } finally {
    child.kill('SIGKILL')
  }
}

export async function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for lines that begin with a text; those that have come already count. */
function printedLines(
  child: ChildProcess,
  exited: Promise<Exit>,
  stderr: () => string,
): (start: string) => Promise<void> {
  const lines: string[] = []
  const waiting = new Map<string, () => void>()
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line)
    for (const [start, resolve] of waiting) if (line.startsWith(start)) resolve()
  })
  const ended = exited.then(({ code, signal }) => {
    throw new Error(`the server ended before it was ready (${code ?? signal}): ${stderr()}`)
  })
  ended.catch(() => {})
  return (start) => {
    const printed = new Promise<void>((resolve) => {
      if (lines.some((line) => line.startsWith(start))) resolve()
      else waiting.set(start, resolve)
    })
    return within(READY_LIMIT_MS, `"${start}"`, Promise.race([printed, ended]))
  }
}
