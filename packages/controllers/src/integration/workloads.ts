// What the tests of workload controllers against a real control plane share: made objects, and how they turn out.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { KubeObject } from '@brume/api/object'
import { assert } from '@brume/base/assert'
import { PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'

const KUBECTL = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'kubectl'))
  .find((path) => existsSync(path))
const LIMIT_MS = 60_000

export interface WorkloadOptions {
  apiVersion?: string
  kind: string
  name: string
  namespace: string
  spec?: Record<string, unknown>
  /** The image's tag. */
  version?: string
  podSpec?: Record<string, unknown>
}

/** A workload that selects pods by `app: <name>`. */
export function workload(options: WorkloadOptions): KubeObject {
  const { apiVersion = 'apps/v1', kind, name, namespace, spec, version = '1', podSpec } = options
  const labels = { app: name }
  return {
    apiVersion,
    kind,
    metadata: { name, namespace },
    spec: {
      selector: kind === 'ReplicationController' ? labels : { matchLabels: labels },
      template: template(labels, version, podSpec),
      ...spec,
    },
  }
}

export function template(labels: Record<string, string>, version: string, podSpec: object = {}): object {
  const containers = [{ name: 'main', image: `example.org/app:${version}` }]
  return { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers, ...podSpec } }
}

export async function podsOf(client: Client, namespace: string, app: string): Promise<KubeObject[]> {
  const { items } = await client.resource(PODS).list({ namespace, labelSelector: `app=${app}` })
  return items
}

export const imagesOf = (pods: readonly KubeObject[]): string[] =>
  pods.map((pod) => String(pod['spec'].containers[0].image).split(':')[1]!).sort()

/** Whether this machine has the kubectl that the tests use; else those tests are skipped. */
export const hasKubectl = KUBECTL !== undefined

export async function kubectl(kubeconfig: string, ...args: string[]): Promise<string> {
  assert(KUBECTL !== undefined, 'tests that need kubectl are skipped without it')
  const { stdout } = await promisify(execFile)(KUBECTL, ['--kubeconfig', kubeconfig, ...args], {
    timeout: LIMIT_MS,
  })
  return stdout
}
