// A control plane of its own for a test file, and kubectls against it: each version with a namespace, home and
// kubeconfig of its own.

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../crash/server-process.ts'
import type { Kubectl } from './kubectls.ts'

/** No command may hang the suite. */
const COMMAND_LIMIT_MS = 60_000

export interface Result {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  stdin?: string
  env?: Record<string, string>
}

export interface Shell {
  kubectl: Kubectl
  namespace: string
  /** A folder for files; commands run there. */
  folder: string
  env: Record<string, string>
  write(name: string, text: string): string
  run(args: readonly string[], options?: RunOptions): Promise<Result>
  /** Standard output; throws when the command fails. */
  must(args: readonly string[], options?: RunOptions): Promise<string>
}

export interface Session {
  /** `topic` names the namespace: `topic-32`. */
  shell(kubectl: Kubectl, topic: string): Promise<Shell>
  stop(): Promise<void>
}

/** Starts `brume up --no-node` as a process and waits until it is ready. */
export async function startSession(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'brume-kubectl-'))
  const data = join(folder, 'data')
  const server = startServer(data)
  await server.ready()
  return {
    async shell(kubectl, topic) {
      const shell = shellIn(join(folder, `${topic}-${kubectl.minor}`), {
        kubectl,
        namespace: `${topic}-${kubectl.minor}`,
        kubeconfig: join(data, 'kubeconfig'),
      })
      await shell.must(['create', 'namespace', shell.namespace])
      await shell.must(['config', 'set-context', '--current', `--namespace=${shell.namespace}`])
      return shell
    },
    async stop() {
      const { code } = await server.kill('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
      if (code !== 0) throw new Error(`the server ended with ${code}: ${server.stderr}`)
    },
  }
}

function shellIn(
  folder: string,
  { kubectl, namespace, kubeconfig }: { kubectl: Kubectl; namespace: string; kubeconfig: string },
): Shell {
  mkdirSync(join(folder, 'bin'), { recursive: true })
  // kubectl calls itself by its file's name: to the server as the field manager, and in messages.
  const binary = join(folder, 'bin/kubectl')
  symlinkSync(kubectl.path, binary)
  const config = join(folder, 'kubeconfig')
  cpSync(kubeconfig, config)
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    KUBECONFIG: config,
    TMPDIR: folder,
    NO_PROXY: '127.0.0.1',
    // Commands are short: collecting garbage would take a fifth of their time.
    GOGC: 'off',
  }
  const run: Shell['run'] = (args, options = {}) =>
    runCommand(binary, args, { cwd: folder, ...options, env: { ...env, ...options.env } })
  return {
    kubectl,
    namespace,
    folder,
    env,
    write(name, text) {
      const path = join(folder, name)
      writeFileSync(path, text, { mode: 0o755 })
      return path
    },
    run,
    async must(args, options) {
      const { code, stdout, stderr } = await run(args, options)
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit code ${code}: ${stderr}`)
      return stdout
    },
  }
}

/** Runs a command to its end; past the limit it is killed, and its code is null. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: RunOptions & { cwd: string; env: Record<string, string> },
): Promise<Result> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, timeout: COMMAND_LIMIT_MS })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? '')
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}
