// A whole cloud on this machine for a benchmark: `brume up` as a process with its node, in a directory of its own.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { KubeObject } from '@brume/api/object'
import { NODES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type RuntimePaths, runtimePaths } from '@brume/node/runtime/paths'
import { whyNoBusybox } from '@brume/testkit/busybox-image'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { runMain, startServer } from '../../e2e/crash/server-process.ts'

export const NODE = 'bench'

const ROOT = resolve(import.meta.dirname, '../../..')
const LAUNCHER = join(ROOT, 'brume')
/** Where the launcher has Node keep what it has compiled. */
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/brume')

export interface BenchCloud {
  client: Client
  pid: number
  runtime: RuntimePaths
  containerdPid(): number
  /** Until "ready" was printed, and until the node is Ready. */
  startMs: { api: number; node: number }
  /** Containers go on. */
  end(): Promise<void>
}

/** Throws when this machine cannot run containers. */
export function checkMachine(): void {
  const why = whyNoContainers() ?? whyNoBusybox()
  if (why !== undefined) throw new Error(`this benchmark runs containers, and ${why}`)
}

export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'brume-bench-'))
}

export async function startCloud(dataDir: string): Promise<BenchCloud> {
  const began = performance.now()
  const server = startServer(dataDir, {
    options: ['--node-name', NODE],
    env: { NODE_OPTIONS: launcherFlags(), NODE_COMPILE_CACHE: COMPILE_CACHE },
  })
  const client = await server.ready()
  const api = performance.now() - began
  await eventually('the node is ready', async () => isReady(await client.resource(NODES).get({ name: NODE })))
  const node = performance.now() - began
  const runtime = runtimePaths(dataDir)
  return {
    client,
    pid: server.pid,
    runtime,
    containerdPid: () => JSON.parse(readFileSync(runtime.pid, 'utf8')).pid,
    startMs: { api, node },
    async end() {
      await server.kill('SIGTERM')
    },
  }
}

/** Those that the launcher starts the cloud with. */
function launcherFlags(): string {
  return /^up_flags='(.*)'$/m.exec(readFileSync(LAUNCHER, 'utf8'))?.[1] ?? ''
}

export async function removeCloud(dataDir: string): Promise<void> {
  const { code, stderr } = await runMain(['reset', '--data-dir', dataDir, '--yes'])
  if (code !== 0) throw new Error(`what ran is still there: ${stderr}`)
  rmSync(dataDir, { recursive: true, force: true })
}

export function isReady({ status }: KubeObject): boolean {
  const conditions: { type: string; status: string }[] = status?.conditions ?? []
  return conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True')
}

/** The value below which this part of them lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}
