// The kubeconfig format: clusters, users and contexts by name.

import { emitYaml } from '@brume/api/codec/yaml-emit'
import { lazyModule } from '@brume/base/lazy-module'

/** A parser of YAML takes memory and time, and the server writes kubeconfigs only. */
const yaml = lazyModule<typeof import('yaml')>('yaml', import.meta.url)

export interface KubeconfigCluster {
  server?: string
  'certificate-authority'?: string
  'certificate-authority-data'?: string
  'insecure-skip-tls-verify'?: boolean
  'tls-server-name'?: string
  'proxy-url'?: string
}

export interface ExecPlugin {
  apiVersion?: string
  command: string
  args?: string[] | null
  env?: { name: string; value: string }[] | null
  installHint?: string
  provideClusterInfo?: boolean
}

export interface KubeconfigUser {
  'client-certificate'?: string
  'client-certificate-data'?: string
  'client-key'?: string
  'client-key-data'?: string
  token?: string
  tokenFile?: string
  username?: string
  password?: string
  exec?: ExecPlugin
}

export interface KubeconfigContext {
  cluster: string
  user: string
  namespace?: string
}

/** What this file does not know of is kept. */
export interface Kubeconfig {
  apiVersion?: string
  kind?: string
  'current-context'?: string
  clusters?: { name: string; cluster: KubeconfigCluster }[] | null
  users?: { name: string; user: KubeconfigUser }[] | null
  contexts?: { name: string; context: KubeconfigContext }[] | null
  [other: string]: unknown
}

/** A kubeconfig that cannot be used; the message ends with what to do. */
export class KubeconfigError extends Error {
  override name = 'KubeconfigError'
}

/** `path` is for the message. */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  let value: unknown
  try {
    value = yaml().parse(text)
  } catch (cause) {
    throw new KubeconfigError(
      `${path} is not YAML. Look at it with: kubectl config view --kubeconfig ${path}`,
      {
        cause,
      },
    )
  }
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new KubeconfigError(`${path} is not a kubeconfig. Make one with: ./brume kubeconfig`)
  }
  return value as Kubeconfig
}

export function formatKubeconfig(config: Kubeconfig): string {
  return emitYaml(config)
}

/**
 * As kubectl merges: of entries with the same name the first file's counts, and so does the first current-context that
 * is set.
 */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const merged: Kubeconfig = { apiVersion: 'v1', kind: 'Config' }
  for (const config of configs) {
    for (const [key, value] of Object.entries(config)) if (merged[key] === undefined) merged[key] = value
  }
  const current = configs.map((config) => config['current-context']).find((name) => name)
  merged.clusters = byName(configs.flatMap((config) => config.clusters ?? []))
  merged.users = byName(configs.flatMap((config) => config.users ?? []))
  merged.contexts = byName(configs.flatMap((config) => config.contexts ?? []))
  if (current !== undefined) merged['current-context'] = current
  return merged
}

function byName<T extends { name: string }>(entries: readonly T[]): T[] {
  const named = new Map<string, T>()
  for (const entry of entries) if (!named.has(entry.name)) named.set(entry.name, entry)
  return [...named.values()]
}
