// Waits until an app runs or will not: looks again whenever its Deployment or a pod of it changes.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { silentLogger } from '@brume/base/log'
import { DEPLOYMENTS, EVENTS, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { Informer } from '@brume/client/informer'
import type { App } from './objects.ts'
import { labelsOf } from './objects.ts'
import { type Progress, progressOf } from './progress.ts'

export interface WaitOptions {
  client: Client
  clock: Clock
  app: App
  limitMs: number
  /** A line that differs from the one before. */
  onProgress(line: string): void
}

const LOG_LINES = 10
/** What depends on time alone, such as a scheduler that finds no node, is looked at so often. */
const LOOK_EVERY_MS = 500

/** When the limit is over it is `stopped` by what it still waits for. */
export async function waitForApp({
  client,
  clock,
  app,
  limitMs,
  onProgress,
}: WaitOptions): Promise<Exclude<Progress, { type: 'waiting' }>> {
  const shared = { namespace: app.namespace, clock, random: Math.random, logger: silentLogger }
  const deployments = new Informer({
    ...shared,
    resource: client.resource(DEPLOYMENTS),
    fieldSelector: `metadata.name=${app.name}`,
  })
  const labelSelector = Object.entries(labelsOf(app))
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const pods = new Informer({ ...shared, resource: client.resource(PODS), labelSelector })
  const { promise, resolve } = Promise.withResolvers<Exclude<Progress, { type: 'waiting' }>>()
  let line = ''
  const look = () => {
    const deployment = deployments.store.list()[0]
    if (deployment === undefined || !pods.hasSynced) return
    const current = pods.store.list().filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    const progress = progressOf({ deployment, pods: newestFirst(current), size: app.size, now: clock.now() })
    if (progress.type !== 'waiting') resolve(progress)
    else if (progress.line !== line) {
      line = progress.line
      onProgress(line)
    }
  }
  const again = () => {
    look()
    timer = clock.after(LOOK_EVERY_MS, again)
  }
  let timer = clock.after(LOOK_EVERY_MS, again)
  const limit = clock.after(limitMs, () => void late(client, app, { line, limitMs }).then(resolve))
  for (const informer of [deployments, pods]) {
    informer.addHandler({ add: look, update: look, delete: look })
    informer.start()
  }
  try {
    return await promise
  } finally {
    timer.cancel()
    limit.cancel()
    await Promise.all([deployments.stop(), pods.stop()])
  }
}

/** The last lines of a container, '' when there are none to be had. */
export async function lastLines(client: Client, { namespace }: App, pod: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`
  const query = { tailLines: String(LOG_LINES) }
  try {
    return (await (await client.call({ method: 'GET', path, query })).buffer()).toString('utf8').trimEnd()
  } catch {
    // The sentence stands without them.
    return ''
  }
}

async function late(
  client: Client,
  { name, namespace }: App,
  { line, limitMs }: { line: string; limitMs: number },
) {
  const warnings = await client.resource(EVENTS).list({ namespace, fieldSelector: 'type=Warning' })
  const own = warnings.items.filter((event) => String(event['involvedObject']?.name).startsWith(`${name}-`))
  const last = own.sort((a, b) => timeOf(a) - timeOf(b)).at(-1)
  const said = last === undefined ? '' : `; the last thing that was said: ${last['message']}`
  const why = `nothing came of it in ${Math.round(limitMs / 1000)} s (${line || 'nothing was seen of it'})${said}`
  return { type: 'stopped' as const, why, next: `kubectl describe pods -l app=${name}` }
}

function timeOf(event: KubeObject): number {
  return Date.parse(event['lastTimestamp'] ?? event.metadata.creationTimestamp ?? '')
}

function newestFirst(pods: readonly KubeObject[]): KubeObject[] {
  const made = ({ metadata }: KubeObject) => Date.parse(metadata.creationTimestamp ?? '')
  return [...pods].sort((a, b) => made(b) - made(a))
}
