// The peer: a real kube-apiserver on a real etcd, with its usual admission plugins and RBAC.

import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, startEtcd } from '../etcd.ts'
import { stopProcess } from './brume.ts'
import { Connection } from './connection.ts'
import type { Target } from './target.ts'

const READY_LIMIT_MS = 120_000
const POLL_MS = 20
const TOKEN = 'bench-admin'

/** Bound tokens are the default from this minor version on; before, pods need a gate for them. */
const BOUND_TOKENS_SINCE = 22

export async function startKubeApiserver(
  paths: { apiserver: string; etcd: string },
  dir: string,
): Promise<Target> {
  mkdirSync(dir, { recursive: true })
  const etcd = await startEtcd(paths.etcd, join(dir, 'etcd'))
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  const log = openSync(join(dir, 'kube-apiserver.log'), 'a')
  const started = performance.now()
  const child = spawn(paths.apiserver, argumentsOf({ dir, port, etcd: etcd.url, path: paths.apiserver }), {
    stdio: ['ignore', log, log],
  })
  const stop = async () => {
    await stopProcess(child)
    await etcd.stop()
  }
  try {
    await untilReady(url, () => child.exitCode)
  } catch (error) {
    await stop()
    throw error
  }
  const readyMs = performance.now() - started
  return { name: 'kube-apiserver', readyMs, url, admin: { token: TOKEN }, pids: [child.pid!, etcd.pid], stop }
}

export function kubeVersion(path: string): string {
  return execFileSync(path, ['--version'], { encoding: 'utf8' }).trim()
}

function argumentsOf(options: { dir: string; port: number; etcd: string; path: string }): string[] {
  const { dir, port, etcd, path } = options
  const tokens = join(dir, 'tokens.csv')
  writeFileSync(tokens, `${TOKEN},admin,admin,"system:masters"\n`, { mode: 0o600 })
  const key = join(dir, 'service-account.pem')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(key, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 })
  const minor = Number(/v1\.(\d+)/.exec(kubeVersion(path))?.[1])
  return [
    ['--etcd-servers', etcd],
    ['--bind-address', '127.0.0.1'],
    ['--advertise-address', '127.0.0.1'],
    ['--secure-port', String(port)],
    ['--cert-dir', join(dir, 'certificates')],
    ['--service-cluster-ip-range', '10.97.0.0/16'],
    ['--authorization-mode', 'Node,RBAC'],
    ['--token-auth-file', tokens],
    ['--service-account-issuer', 'https://kubernetes.default.svc'],
    ['--service-account-key-file', key],
    ['--service-account-signing-key-file', key],
    // The same as Brume's: a burst of one client is not to be slowed down for others' sake.
    ['--max-requests-inflight', '400'],
    ['--max-mutating-requests-inflight', '200'],
    minor < BOUND_TOKENS_SINCE ? ['--feature-gates', 'BoundServiceAccountTokenVolume=true'] : [],
  ].flat()
}

async function untilReady(url: string, exitCode: () => number | null): Promise<void> {
  const deadline = Date.now() + READY_LIMIT_MS
  for (;;) {
    if (exitCode() !== null) throw new Error(`kube-apiserver exited with ${exitCode()}`)
    if (await isReady(url)) return
    if (Date.now() > deadline) throw new Error('kube-apiserver did not become ready')
    await sleep(POLL_MS)
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const connection = await Connection.open(url, { token: TOKEN })
    try {
      return (await connection.send({ path: '/readyz' })).status === 200
    } finally {
      connection.close()
    }
  } catch {
    return false
  }
}
