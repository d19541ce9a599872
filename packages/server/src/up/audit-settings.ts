// What is recorded and where, from the options of `up`: Kubernetes' names and meanings.

import { readFileSync } from 'node:fs'
import { DEFAULT_AUDIT_POLICY } from '@brume/apiserver/audit/default-policy'
import type { LogLimits } from '@brume/apiserver/audit/log/files'
import type { AuditPolicy } from '@brume/apiserver/audit/types'
import { UserError } from '../user-error.ts'

export interface AuditSettings {
  policy: AuditPolicy
  path: string
  limits: LogLimits
}

export interface AuditOptions {
  /** Absent: the built-in policy. */
  policyFile?: string | undefined
  /** Of a file, in MiB. */
  maxSizeMib: number
  /** Earlier files; 0: all are kept. */
  maxBackups: number
  /** 0: kept for ever. */
  maxAgeDays: number
}

const MIB = 1024 * 1024
const DAY_MS = 86_400_000

/** Throws UserError for a policy file that cannot be read or followed, naming the field. */
export async function auditSettings(path: string, options: AuditOptions): Promise<AuditSettings> {
  const { policyFile, maxSizeMib, maxBackups, maxAgeDays } = options
  const limits = { maxBytes: maxSizeMib * MIB, maxFiles: maxBackups, maxAgeMs: maxAgeDays * DAY_MS }
  const policy = policyFile === undefined ? DEFAULT_AUDIT_POLICY : await policyIn(policyFile)
  return { policy, path, limits }
}

async function policyIn(file: string): Promise<AuditPolicy> {
  const { PolicyError, readPolicy } = await import('@brume/apiserver/audit/read-policy')
  try {
    return readPolicy(readFileSync(file, 'utf8'))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (!(error instanceof PolicyError) && code === undefined) throw error
    const why = error instanceof PolicyError ? error.message : `it cannot be read (${code})`
    const next =
      'mend the file, or leave the option out: then writes, reads of Secrets and refusals are recorded'
    throw new UserError(`--audit-policy-file ${file}: ${why}`, next, { cause: error, exitCode: 2 })
  }
}
