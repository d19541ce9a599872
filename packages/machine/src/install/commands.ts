// The package managers' command lines: nothing asks, nothing is upgraded that was not asked for. Pure.

import type { Installer } from '../distribution.ts'

export interface InstallStep {
  argv: readonly string[]
  env: Readonly<Record<string, string>>
  /** `reading the lists of packages`. */
  what: string
}

/** Another package manager at work is waited for so long. */
const LOCK_SECONDS = 120

const APT_ENV = {
  DEBIAN_FRONTEND: 'noninteractive',
  APT_LISTCHANGES_FRONTEND: 'none',
  // needrestart would restart, or ask about, services that are none of ours.
  NEEDRESTART_SUSPEND: '1',
}

export function refreshStep(installer: Installer): InstallStep {
  const what = 'reading the lists of packages'
  if (installer === 'apk') return { argv: ['apk', 'update', '--no-progress'], env: {}, what }
  const argv = ['apt-get', 'update', '-q', '-o', 'APT::Update::Error-Mode=any']
  return { argv: [...argv, '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`], env: APT_ENV, what }
}

export function installStep(installer: Installer, packages: readonly string[]): InstallStep {
  const what = `installing ${packages.join(', ')}`
  if (installer === 'apk') {
    const argv = ['apk', 'add', '--no-progress', '--wait', String(LOCK_SECONDS), ...packages]
    return { argv, env: {}, what }
  }
  const options = ['-o', 'Dpkg::Options::=--force-confold', '-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`]
  const argv = [
    'apt-get',
    'install',
    '--yes',
    '-q',
    '--no-install-recommends',
    '--no-upgrade',
    ...options,
    ...packages,
  ]
  return { argv, env: APT_ENV, what }
}

/** Debian starts the service of a package that is installed; Brume runs these programs itself. */
export function quietServiceStep(service: string): InstallStep {
  return {
    argv: ['systemctl', 'disable', '--now', `${service}.service`],
    env: {},
    what: `stopping the ${service} service that the package brought (Brume runs one of its own)`,
  }
}
