// What a restart of the machine takes away. containerd's state (shims, mounts, network namespaces) belongs to one boot;
// it lies in the data directory, not on a tmpfs, so it is cleared here.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mountsBelow } from '@brume/machine/mounts'
import type { RuntimePaths } from './paths.ts'

/** Removes the state of an earlier boot. Idempotent. */
export function forgetEarlierBoot(paths: RuntimePaths, boot = bootId()): void {
  const last = existsSync(paths.boot) ? readFileSync(paths.boot, 'utf8').trim() : boot
  // A mount that is still there says that this is the same boot after all: through it, containers' files would go too.
  if (last !== boot && mountsBelow(paths.state).length === 0) {
    rmSync(paths.state, { recursive: true, force: true })
    mkdirSync(paths.state, { recursive: true, mode: 0o711 })
  }
  writeFileSync(paths.boot, `${boot}\n`)
}

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
