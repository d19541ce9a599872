// Writes the service's file and runs its commands.

import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { RunError, run } from '../run.ts'
import type { InitSystem, ServicePlan } from './service.ts'

/** The init system that runs here; undefined: neither of those that we write services for. */
export function detectInit(exists: (path: string) => boolean = existsSync): InitSystem | undefined {
  if (exists('/run/systemd/system')) return 'systemd'
  return exists('/run/openrc') && exists('/sbin/openrc-run') ? 'openrc' : undefined
}

/** Starts it too; an earlier one of the same name is replaced, and containers go on. Throws RunError. */
export async function installService({ file, install }: ServicePlan): Promise<void> {
  mkdirSync(dirname(file.path), { recursive: true })
  writeFileSync(`${file.path}.new`, file.text, { mode: file.mode })
  chmodSync(`${file.path}.new`, file.mode)
  renameSync(`${file.path}.new`, file.path)
  for (const argv of install) await run(argv)
}

/** False when there was none. Containers go on. Throws RunError. */
export async function removeService({ file, remove, removed }: ServicePlan): Promise<boolean> {
  if (!existsSync(file.path)) return false
  for (const argv of remove) {
    await run(argv).catch((error) => {
      if (!(error instanceof RunError)) throw error
    })
  }
  rmSync(file.path)
  for (const argv of removed) await run(argv)
  return true
}

export async function serviceRuns({ status }: ServicePlan): Promise<boolean> {
  try {
    await run(status)
    return true
  } catch (error) {
    if (!(error instanceof RunError)) throw error
    return false
  }
}
