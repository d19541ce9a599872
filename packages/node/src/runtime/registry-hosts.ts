// How containerd reaches the built-in registry: by the API server's own port, as this node (containerd's docs/hosts.md).
// It reads the file at each pull, so a change needs no restart.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BUILT_IN_REGISTRY } from './config.ts'
import type { RuntimePaths } from './paths.ts'

export interface RegistryAccess {
  /** https://HOST:PORT; the registry answers below /v2/. */
  url: string
  /** Paths of PEM files. */
  ca: string
  certificate: string
  key: string
}

/** Idempotent. */
export function writeRegistryHosts(paths: RuntimePaths, access: RegistryAccess): void {
  const dir = join(paths.certs, BUILT_IN_REGISTRY)
  const path = join(dir, 'hosts.toml')
  const text = registryHosts(access)
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  mkdirSync(dir, { recursive: true, mode: 0o711 })
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export function registryHosts({ url, ca, certificate, key }: RegistryAccess): string {
  const quoted = JSON.stringify
  // For the server itself: after a host of its own, containerd would ask the server again without its CA, and tell of
  // the certificate instead of the image that is not there. The empty table has to be there.
  return `server = ${quoted(url)}
capabilities = ["pull", "resolve"]
ca = ${quoted(ca)}
client = [[${quoted(certificate)}, ${quoted(key)}]]

[host]
`
}
