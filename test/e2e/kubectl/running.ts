// A kubectl that goes on running: for what is followed, forwarded or attached to.

import { type ChildProcess, spawn } from 'node:child_process'
import type { Kubectl } from './kubectls.ts'
import type { Result } from './session.ts'

/** No command may hang the suite. */
const COMMAND_LIMIT_MS = 60_000

export interface Running {
  /** So far. */
  readonly stdout: string
  readonly stderr: string
  /** Past the limit it is killed, and its code is null. */
  result: Promise<Result>
  /** More standard input, if it was left open. */
  type(text: string): void
  stop(): void
}

export function startKubectl(
  { path }: Pick<Kubectl, 'path'>,
  { kubeconfig, folder }: { kubeconfig: string; folder: string },
  args: readonly string[],
  /** null: nothing comes, and it stays open. */
  stdin: string | Buffer | null = '',
): Running {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: folder, KUBECONFIG: kubeconfig }
  const child: ChildProcess = spawn(path, args, { cwd: folder, env, timeout: COMMAND_LIMIT_MS })
  let [stdout, stderr] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin!.on('error', () => {})
  if (stdin !== null) child.stdin!.end(stdin)
  return {
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    result: new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, stdout, stderr }))
    }),
    type: (text) => void child.stdin!.write(text),
    stop: () => void child.kill('SIGTERM'),
  }
}
