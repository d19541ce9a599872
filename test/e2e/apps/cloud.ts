// A whole cloud for a test file: `brume up` as a process, its node with containers, the CLI and kubectl against it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { KubeObject } from '@brume/api/object'
import { brume, type Ran } from '@brume/cli/testing'
import { PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { eventually } from '@brume/testkit/eventually'
import { runMain, type ServerProcess, startServer } from '../crash/server-process.ts'
import { type Kubectl, kubectls } from '../kubectl/kubectls.ts'
import { type Running, startKubectl } from '../kubectl/running.ts'
import { runCommand } from '../kubectl/session.ts'

/** Downloads of packages are kept between runs. */
const CACHE = resolve(import.meta.dirname, '../../../.state/images')

export interface Apps {
  client: Client
  kubeconfig: string
  /** `brume ARGV` against this cloud; throws when it fails. */
  brume(...argv: string[]): Promise<Ran>
  /** The same, and it may fail. */
  tryBrume(...argv: string[]): Promise<Ran>
  /** Standard output; throws when it fails. By the newest kubectl. */
  kubectl(args: readonly string[], stdin?: string): Promise<string>
  /** One that goes on running. */
  follow(kubectl: Kubectl, args: readonly string[]): Running
  apply(...objects: object[]): Promise<void>
  build(recipe: string): Promise<void>
  /** Pods with the label, in the order of their names, but those that are going. */
  pods(labelSelector: string): Promise<KubeObject[]>
  /** The one pod with the label, when it is ready and the only one. */
  ready(labelSelector: string): Promise<KubeObject>
  /** Ends the process as told, and starts it again; calls `between` while nothing runs but containers. */
  restart(signal: NodeJS.Signals, between?: () => Promise<void>): Promise<void>
  stop(): Promise<void>
}

export async function startApps(): Promise<Apps> {
  const folder = mkdtempSync(join(tmpdir(), 'brume-apps-'))
  const dataDir = join(folder, 'data')
  const kubeconfig = join(dataDir, 'kubeconfig')
  const newest = kubectls().at(-1)!
  const env = { HOME: folder, KUBECONFIG: kubeconfig }
  let server: ServerProcess
  let client: Client
  const start = async () => {
    server = startServer(dataDir, { options: ['--node-name', 'here'] })
    client = await server.ready()
  }
  await start()
  const apps: Apps = {
    get client() {
      return client
    },
    kubeconfig,
    async brume(...argv) {
      const ran = await brume(argv, env)
      if (ran.code !== 0) throw new Error(`brume ${argv.join(' ')}: exit code ${ran.code}: ${ran.err}`)
      return ran
    },
    tryBrume: (...argv) => brume(argv, env),
    async kubectl(args, stdin = '') {
      const commandEnv = { ...env, PATH: process.env['PATH'] ?? '' }
      const { code, stdout, stderr } = await runCommand(newest.path, args, {
        stdin,
        cwd: folder,
        env: commandEnv,
      })
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit code ${code}: ${stderr}`)
      return stdout
    },
    follow: (kubectl, args) => startKubectl(kubectl, { kubeconfig, folder }, args, null),
    async apply(...objects) {
      const list = { apiVersion: 'v1', kind: 'List', items: objects }
      await apps.kubectl(['apply', '-f', '-'], JSON.stringify(list))
    },
    async build(recipe) {
      await apps.brume('image', 'build', recipe, '--cache-dir', CACHE)
    },
    async pods(labelSelector) {
      const { items } = await client.resource(PODS).list({ namespace: 'default', labelSelector })
      return items
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1))
    },
    ready: (labelSelector) =>
      eventually(`a pod of ${labelSelector} is ready, and no other`, async () => {
        const { items } = await client.resource(PODS).list({ namespace: 'default', labelSelector })
        return items.length === 1 && isReady(items[0]!) ? items[0] : undefined
      }),
    async restart(signal, between) {
      const exit = await server.kill(signal)
      if (signal === 'SIGTERM' && exit.code !== 0)
        throw new Error(`ended with ${exit.code}: ${server.stderr}`)
      try {
        await between?.()
      } finally {
        await start()
      }
    },
    async stop() {
      await server.kill('SIGKILL')
      const { code, stderr } = await runMain(['reset', '--data-dir', dataDir, '--yes'])
      if (code !== 0) throw new Error(`what ran is still there: ${stderr}`)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return apps
}

export function isReady({ status, metadata }: KubeObject): boolean {
  const conditions: { type: string; status: string }[] = status?.conditions ?? []
  const ready = conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True')
  return ready && metadata.deletionTimestamp === undefined
}

/** What says whether a container is the same one, running on. */
export function containersOf(pods: readonly KubeObject[]): Record<string, unknown> {
  return Object.fromEntries(
    pods.flatMap(({ metadata, status }) =>
      (status?.containerStatuses ?? []).map(
        ({ name, containerID, restartCount, state }: Record<string, unknown>) => [
          `${metadata.name}/${name}`,
          { containerID, restartCount, state },
        ],
      ),
    ),
  )
}
