// The peer: a real etcd. Found in this order: `--etcd PATH`, the search path, a copy unpacked from the distribution's
// own package into the cache folder. Nothing is installed.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { EtcdClient } from './etcd-client.ts'

const PACKAGE = 'etcd-server'
const START_LIMIT_MS = 20_000
const RETRY_MS = 50

/** The binary, or the reason why there is none. */
export function findEtcd(given: string | undefined): { path: string } | { missing: string } {
  if (given !== undefined) return existsSync(given) ? { path: given } : { missing: `${given} does not exist` }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (existsSync(join(folder, 'etcd'))) return { path: join(folder, 'etcd') }
  }
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'brume', 'bench', PACKAGE)
  const unpacked = join(cache, 'usr', 'bin', 'etcd')
  if (existsSync(unpacked)) return { path: unpacked }
  try {
    unpackPackage(cache)
  } catch (error) {
    return { missing: `etcd is not on the search path, and ${PACKAGE} could not be downloaded: ${error}` }
  }
  return { path: unpacked }
}

export interface RunningEtcd {
  readonly version: string
  readonly url: string
  readonly pid: number
  connect(): EtcdClient
  stop(): Promise<void>
}

/** A one-member cluster with its data in `dir`, at etcd's own defaults (fsync on). */
export async function startEtcd(path: string, dir: string): Promise<RunningEtcd> {
  const [client, peer] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`)
  const args = [
    ['--data-dir', dir],
    ['--listen-client-urls', client],
    ['--advertise-client-urls', client],
    ['--listen-peer-urls', peer],
    ['--initial-advertise-peer-urls', peer],
    ['--initial-cluster', `default=${peer}`],
    ['--logger', 'zap'],
    ['--log-level', 'error'],
  ].flat() as string[]
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    await untilReady(child, client!)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return {
    version: execFileSync(path, ['--version'], { encoding: 'utf8' }).split('\n')[0]!,
    url: client!,
    pid: child.pid!,
    connect: () => new EtcdClient(client!),
    stop: () => stop(child),
  }
}

function unpackPackage(into: string): void {
  mkdirSync(into, { recursive: true })
  const download = mkdtempSync(join(into, 'download-'))
  try {
    // As root, apt hands the download to a user of its own, who may not write here.
    const sandbox = ['-o', 'APT::Sandbox::User=root']
    execFileSync('apt-get', [...sandbox, 'download', PACKAGE], { cwd: download, stdio: 'pipe' })
    const [archive] = readdirSync(download)
    execFileSync('dpkg-deb', ['--extract', join(download, archive!), into], { stdio: 'pipe' })
  } finally {
    rmSync(download, { recursive: true })
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS
  for (;;) {
    const client = new EtcdClient(url)
    try {
      await client.put('ready', Buffer.from('yes'))
      return
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`etcd exited with ${child.exitCode}`)
      if (Date.now() > deadline) throw new Error('etcd did not become ready', { cause: error })
      await setTimeout(RETRY_MS)
    } finally {
      client.close()
    }
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await exited
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('no port'))
      })
    })
  })
}
