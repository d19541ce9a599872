// Runs a suite of rows in a network namespace of its own.

import { join } from 'node:path'
import { run } from '@brume/machine/run'
import type { Findings } from './rows.ts'

const LIMIT_MS = 150_000

export async function findingsOf(suite: 'policies' | 'services'): Promise<Findings> {
  const child = join(import.meta.dirname, 'in-namespace.ts')
  const { stdout } = await run(['unshare', '--net', process.execPath, child, suite], { timeoutMs: LIMIT_MS })
  return JSON.parse(stdout)
}
