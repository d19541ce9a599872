// Where containerd keeps what is its own, below the cloud's data directory.

import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ownNames } from '@brume/machine/own-names'
import { RuntimeError } from './error.ts'

export interface RuntimePaths {
  /** DIR/node/containerd: everything of the runtime. */
  dir: string
  root: string
  state: string
  config: string
  /** `hosts.toml` files by registry. */
  certs: string
  log: string
  pid: string
  /** The snapshotter that was chosen at the first start. */
  snapshotter: string
  /** Of the boot that `state` belongs to. */
  boot: string
  /** CNI configuration of Brume's own. */
  cniConf: string
  /** Addresses given by host-local. */
  cniState: string
  /** What clients connect to; never longer than the kernel allows. */
  socket: string
  /** A link to `dir`, where `dir` itself is too long for a socket's path. */
  link: string | undefined
}

/** sockaddr_un holds 108 bytes with the final zero; containerd puts `.ttrpc` after its own. */
const MAX_SOCKET_BYTES = 107 - '.ttrpc'.length

export function runtimePaths(dataDir: string): RuntimePaths {
  const node = join(resolve(dataDir), 'node')
  const dir = join(node, 'containerd')
  const direct = join(dir, 'containerd.sock')
  const link = Buffer.byteLength(direct) > MAX_SOCKET_BYTES ? ownNames(dataDir).shortDir : undefined
  return {
    dir,
    root: join(dir, 'root'),
    state: join(dir, 'state'),
    config: join(dir, 'config.toml'),
    certs: join(dir, 'certs.d'),
    log: join(dir, 'log'),
    pid: join(dir, 'containerd.json'),
    snapshotter: join(dir, 'snapshotter'),
    boot: join(dir, 'boot'),
    cniConf: join(node, 'cni', 'conf'),
    cniState: join(node, 'cni', 'state'),
    socket: link === undefined ? direct : join(link, 'containerd.sock'),
    link,
  }
}

/** Makes the directories. Idempotent. */
export function ensureRuntimePaths(paths: RuntimePaths): void {
  for (const dir of [paths.dir, paths.root, paths.state, paths.certs, paths.cniConf, paths.cniState]) {
    mkdirSync(dir, { recursive: true, mode: 0o711 })
  }
  if (paths.link !== undefined) ensureLink(paths.link, paths.dir)
}

/** Takes the link away, if it is ours. */
export function removeLink(paths: RuntimePaths): void {
  if (paths.link !== undefined && linkTarget(paths.link) === paths.dir) rmSync(paths.link)
}

function ensureLink(link: string, target: string): void {
  const found = linkTarget(link)
  if (found === target) return
  if (found !== undefined) {
    throw new RuntimeError(
      `${link} is there and is not a link to ${target}`,
      `look what it is, remove it, then run this again: ls -l ${link}`,
    )
  }
  symlinkSync(target, link)
}

/** '' for something that is no link; undefined for nothing. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'EINVAL') return ''
    throw error
  }
}
