// Installs what is missing, and only that, with the machine's own package manager.

import { existsSync } from 'node:fs'
import type { Distribution, Installer } from '../distribution.ts'
import { findExecutable } from '../executables.ts'
import { RunError, run } from '../run.ts'
import { type InstallStep, installStep, quietServiceStep, refreshStep } from './commands.ts'
import { explainFailure, InstallError } from './failure.ts'
import { missingNeeds, NEEDS, type Need, packagesFor } from './packages.ts'

export interface InstallOptions {
  distribution: Distribution
  /** One line each, without a line end. */
  onProgress(line: string): void
  needs?: readonly Need[]
  /** Installing without asking is only right where a person started it. */
  allowed?: boolean
}

const LIMIT_MS = 30 * 60_000
/** systemd is the init: only then does a package start its service. */
const SYSTEMD = '/run/systemd/system'
const MAX_LISTED = 10
/** Of programs whose packages bring a service. One that was there before is somebody's, and stays as it is. */
const SERVICES = ['containerd', 'haproxy']

/** Gives the packages that were installed; none when all was there. Throws InstallError. */
export async function installMissing(options: InstallOptions): Promise<string[]> {
  const { needs = NEEDS, distribution, onProgress } = options
  const missing = missingNeeds(needs)
  if (missing.length === 0) return []
  const names = missing.map(({ name }) => name).slice(0, MAX_LISTED)
  const { installer } = distribution
  if (installer === undefined) {
    throw new InstallError(
      `${names.join(', ')} not found, and Brume cannot install on ${distribution.name}`,
      'install containerd, runc, the CNI plugins, nftables, conntrack and iproute2 with its package manager, then run this again',
    )
  }
  const packages = packagesFor(missing, installer)
  if (options.allowed === false) {
    throw new InstallError(
      `${names.join(', ')} not found on this machine`,
      installStep(installer, packages).argv.join(' '),
    )
  }
  const fresh = SERVICES.filter((name) => findExecutable(name) === undefined)
  await installWith(installer, packages, onProgress)
  if (installer === 'apt' && existsSync(SYSTEMD)) {
    for (const service of fresh) await perform(quietServiceStep(service), onProgress).catch(ignoreRunError)
  }
  const still = missingNeeds(missing)
  if (still.length > 0) {
    const list = still.map(({ name }) => name).join(', ')
    throw new InstallError(`${list} still not found after ${packages.join(', ')} came`, './brume doctor')
  }
  return packages
}

/** The lists of a fresh machine are empty, and old ones name files that are gone: a second try follows a refresh. */
async function installWith(
  installer: Installer,
  packages: readonly string[],
  onProgress: InstallOptions['onProgress'],
): Promise<void> {
  const step = installStep(installer, packages)
  try {
    await perform(step, onProgress).catch(async (error) => {
      ignoreRunError(error)
      await perform(refreshStep(installer), onProgress)
      await perform(step, onProgress)
    })
  } catch (error) {
    if (error instanceof RunError) throw explainFailure(installer, error)
    throw error
  }
}

async function perform(
  { argv, env, what }: InstallStep,
  onProgress: InstallOptions['onProgress'],
): Promise<void> {
  onProgress(what)
  let rest = ''
  await run(argv, {
    env,
    timeoutMs: LIMIT_MS,
    onOutput(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      for (const line of lines) if (isProgress(line)) onProgress(`  ${line.trim()}`)
    },
  })
}

/** apt's and apk's lines that name a package at work. */
export function isProgress(line: string): boolean {
  return /^(Get:\d+ |Setting up |\(\d+\/\d+\) (Installing|Upgrading) )/.test(line)
}

function ignoreRunError(error: unknown): void {
  if (!(error instanceof RunError)) throw error
}
