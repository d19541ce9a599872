// From kubeconfig files to a connection: which files, which context, and what it names.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Clock, systemClock } from '@brume/base/clock'
import {
  type Credentials,
  certificateCredentials,
  tokenCredentials,
  tokenFileCredentials,
} from './credentials.ts'
import { execCredentials } from './exec-credentials.ts'
import { HttpTransport } from './http-transport.ts'
import {
  type Kubeconfig,
  type KubeconfigCluster,
  KubeconfigError,
  type KubeconfigUser,
  mergeKubeconfigs,
  parseKubeconfig,
} from './kubeconfig-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Connection {
  context: string
  /** URL. */
  server: string
  caPem?: string
  insecureSkipTlsVerify: boolean
  tlsServerName?: string
  credentials: Credentials
  /** Of the context; default `default`. */
  namespace: string
}

export interface LoadOptions {
  /** Files that do not exist are passed over, unless it is the only one. */
  paths: readonly string[]
  /** Default: the files' current-context. */
  context?: string
  env: Environment
  clock?: Clock
}

/** Paths of files in a cluster or user; relative ones are relative to the kubeconfig that holds them. */
const FILE_FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'] as const

/**
 * Where to look, the first that applies: the flag, KUBECONFIG (several files, separated by colons), the running
 * cloud's own in its data directory, ~/.kube/config.
 */
export function kubeconfigPaths(options: { flag?: string; env: Environment; dataDir: string }): string[] {
  const { flag, env, dataDir } = options
  if (flag !== undefined) return [flag]
  const listed = (env['KUBECONFIG'] ?? '').split(':').filter((path) => path !== '')
  if (listed.length > 0) return listed
  const own = join(dataDir, 'kubeconfig')
  if (existsSync(own)) return [own]
  return [join(env['HOME'] ?? '/root', '.kube', 'config')]
}

/** Throws KubeconfigError, whose message ends with what to do. */
export function loadConnection(options: LoadOptions): Connection {
  const config = readAll(options.paths)
  const name = options.context ?? config['current-context'] ?? ''
  const where = options.paths.join(':')
  if (name === '') {
    throw new KubeconfigError(
      `${where} names no current-context. Choose one: kubectl config use-context NAME`,
    )
  }
  const context = config.contexts?.find((entry) => entry.name === name)?.context
  if (context === undefined) {
    throw new KubeconfigError(`${where} has no context "${name}". See: kubectl config get-contexts`)
  }
  const cluster = config.clusters?.find((entry) => entry.name === context.cluster)?.cluster
  if (cluster?.server === undefined || cluster.server === '') {
    throw new KubeconfigError(
      `${where}: context "${name}" names cluster "${context.cluster}", which has no server. See: kubectl config view`,
    )
  }
  const user = config.users?.find((entry) => entry.name === context.user)?.user ?? {}
  const caPem = pemOf(cluster, 'certificate-authority')
  return {
    context: name,
    server: cluster.server,
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true,
    ...(caPem === undefined ? {} : { caPem }),
    ...(cluster['tls-server-name'] ? { tlsServerName: cluster['tls-server-name'] } : {}),
    credentials: credentialsOf(user, cluster, options),
    namespace: context.namespace || 'default',
  }
}

/** The HTTPS transport of a connection. */
export function connectTransport(
  connection: Connection,
  limits: { answerTimeoutMs?: number } = {},
): HttpTransport {
  const { server, caPem, insecureSkipTlsVerify, tlsServerName, credentials } = connection
  if (!server.startsWith('https://')) {
    throw new KubeconfigError(`the server ${server} is not https. Correct it: kubectl config set-cluster`)
  }
  return new HttpTransport({
    server: new URL(server).origin,
    insecureSkipTlsVerify,
    credentials,
    ...limits,
    ...(caPem === undefined ? {} : { ca: caPem }),
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
  })
}

function readAll(paths: readonly string[]): Kubeconfig {
  const configs: Kubeconfig[] = []
  for (const path of paths) {
    const text = readText(path)
    if (text !== undefined) configs.push(withAbsolutePaths(parseKubeconfig(text, path), dirname(path)))
  }
  if (configs.length === 0) {
    throw new KubeconfigError(
      `no kubeconfig at ${paths.join(', ')}. Start a cloud with: ./brume up, or name yours with: --data-dir DIR or --kubeconfig FILE`,
    )
  }
  return mergeKubeconfigs(configs)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new KubeconfigError(`${path} cannot be read (${code}). Check its owner: ls -l ${path}`, { cause })
  }
}

function withAbsolutePaths(config: Kubeconfig, directory: string): Kubeconfig {
  const absolute = <T extends object>(entry: T): T => {
    const copy = { ...entry } as T & Partial<Record<(typeof FILE_FIELDS)[number], string>>
    for (const field of FILE_FIELDS) {
      const path = copy[field]
      if (path) Object.assign(copy, { [field]: resolve(directory, path) })
    }
    return copy
  }
  return {
    ...config,
    clusters: (config.clusters ?? []).map(({ name, cluster }) => ({
      name,
      cluster: absolute(cluster ?? {}),
    })),
    users: (config.users ?? []).map(({ name, user }) => ({ name, user: absolute(user ?? {}) })),
  }
}

/** The data of a field wins over its file. */
function pemOf(
  entry: KubeconfigCluster | KubeconfigUser,
  field: 'certificate-authority' | 'client-certificate' | 'client-key',
): string | undefined {
  const fields = entry as Record<string, string | undefined>
  const data = fields[`${field}-data`]
  if (data) return Buffer.from(data, 'base64').toString('utf8')
  const path = fields[field]
  if (!path) return undefined
  const text = readText(path)
  if (text === undefined)
    throw new KubeconfigError(`${field}: ${path} does not exist. See: kubectl config view`)
  return text
}

function credentialsOf(user: KubeconfigUser, cluster: KubeconfigCluster, options: LoadOptions): Credentials {
  const { env, clock = systemClock } = options
  const certificatePem = pemOf(user, 'client-certificate')
  const keyPem = pemOf(user, 'client-key')
  if ((certificatePem === undefined) !== (keyPem === undefined)) {
    throw new KubeconfigError(
      'the user has a certificate or a key, but not both. See: kubectl config view --raw',
    )
  }
  const certificate = certificatePem === undefined ? {} : { certificatePem, keyPem: keyPem! }
  if (user.token) return tokenCredentials(user.token, certificate)
  if (user.tokenFile) return tokenFileCredentials(user.tokenFile, clock, certificate)
  if (user.exec) {
    const ca = pemOf(cluster, 'certificate-authority')
    const data = ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }
    return execCredentials({ plugin: user.exec, cluster: { server: cluster.server!, ...data }, env, clock })
  }
  if (user.username) {
    throw new KubeconfigError(
      'basic authentication is not supported. Use a certificate or a token in the kubeconfig',
    )
  }
  return certificateCredentials(certificate)
}
