// Runs a client program that prints "ok NAME" or "FAIL NAME -- why" for each of its checks.

import { spawn } from 'node:child_process'
import type { TestContext } from 'node:test'

const RUN_LIMIT_MS = 4 * 60_000
const TAIL_LENGTH = 4000

export interface Command {
  path: string
  args?: readonly string[]
  env: Record<string, string>
}

interface Check {
  name: string
  why: string | undefined
}

/** Each check becomes a subtest. Rejects when the program ends early or checks nothing. */
export async function runChecks(t: TestContext, command: Command): Promise<void> {
  const { checks, code, errors } = await outcome(command)
  for (const { name, why } of checks) {
    await t.test(name, () => {
      if (why !== undefined) throw new Error(why)
    })
  }
  if (code !== 0) throw new Error(`${command.path} ended with ${code}: ${errors}`)
  if (checks.length === 0) throw new Error(`${command.path} checked nothing: ${errors}`)
}

function outcome({ path, args = [], env }: Command) {
  const child = spawn(path, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-TAIL_LENGTH)
  })
  return new Promise<{ checks: Check[]; code: number | string | null; errors: string }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const checks = stdout.split('\n').flatMap(checkOf)
      resolve({ checks, code: signal ?? code, errors: stderr })
    })
  })
}

function checkOf(line: string): Check[] {
  const match = /^(?:ok (.+)|FAIL (.+?) -- (.*))$/.exec(line)
  if (match === null) return []
  return [{ name: match[1] ?? match[2]!, why: match[1] === undefined ? match[3]! : undefined }]
}
