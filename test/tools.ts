// Programs that tests use, installed as `brume up` installs its own: only by root, only from the distribution, only what is
// missing. Without them the tests that need them are skipped by name.

import { existsSync } from 'node:fs'
import { readDistribution } from '@brume/machine/distribution'
import { findExecutable } from '@brume/machine/executables'
import { InstallError } from '@brume/machine/install/failure'
import { installMissing } from '@brume/machine/install/install'
import { NEEDS, type Need } from '@brume/machine/install/packages'

function program(name: string, apt: string, apk: string): Need {
  return { name, packages: { apt, apk }, isThere: () => findExecutable(name) !== undefined }
}

const TEST_NEEDS: readonly Need[] = [
  ...NEEDS,
  program('buildah', 'buildah', 'buildah'),
  program('curl', 'curl', 'curl'),
  program('openssl', 'openssl', 'openssl'),
  // Records what the store asks of its files.
  program('strace', 'strace', 'strace'),
  {
    name: 'a static busybox',
    packages: { apt: 'busybox-static', apk: 'busybox-static' },
    isThere: () => existsSync('/bin/busybox'),
  },
]

/** Alpine has no such packages, or others. */
const DEBIAN_NEEDS: readonly Need[] = [
  program('pebble', 'pebble', 'pebble'),
  program('wg', 'wireguard-tools', 'wireguard-tools-wg'),
  // Where the kernel has no WireGuard.
  program('wireguard-go', 'wireguard-go', 'wireguard-go'),
]

/** Never throws: what could not be installed is said, and skipped for. */
export async function installTools(): Promise<void> {
  if (process.getuid?.() !== 0) return
  const onProgress = (line: string) => process.stdout.write(`${line}\n`)
  try {
    const distribution = readDistribution()
    const needs = distribution.installer === 'apt' ? [...TEST_NEEDS, ...DEBIAN_NEEDS] : TEST_NEEDS
    await installMissing({ distribution, onProgress, needs })
  } catch (error) {
    if (!(error instanceof InstallError)) throw error
    process.stdout.write(`${error.message}; tests that need it are skipped\n`)
  }
}
