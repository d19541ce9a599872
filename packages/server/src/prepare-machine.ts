// Makes this machine able to run containers: looks first, says what is wrong before anything is touched, then installs
// what is missing.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, printFindings, problemsOf } from '@brume/machine/checks/finding'
import { checkMachine } from '@brume/machine/checks/machine'
import type { WantedPort } from '@brume/machine/checks/neighbours'
import { checkPrograms } from '@brume/machine/checks/programs'
import { type MachineFacts, observeMachine } from '@brume/machine/facts'
import { InstallError } from '@brume/machine/install/failure'
import { installMissing } from '@brume/machine/install/install'
import { ENCRYPTION_NEED, NEEDS } from '@brume/machine/install/packages'
import type { Encryption } from '@brume/node/network/encryption'
import { UserError } from './user-error.ts'

export interface PrepareOptions {
  dataDir: string
  nodeName?: string | undefined
  ports: readonly WantedPort[]
  encryption?: Encryption | undefined
  /** For people, a line each. */
  say(line: string): void
}

/** Idempotent; quick when all is there. Throws UserError. */
export async function prepareMachine(options: PrepareOptions): Promise<void> {
  const { dataDir, nodeName, ports } = options
  const facts = observeMachine(dataDir)
  report(checkMachine({ facts, nodeName, ports }), options)
  const installed = await install(facts, options)
  // Trials cost some moments: they are made once, and again when programs are new.
  if (installed.length > 0 || !existsSync(join(dataDir, 'node'))) report(await checkPrograms(), options)
}

function report(findings: readonly Finding[], { say }: PrepareOptions): void {
  const text = printFindings(findings).trimEnd()
  if (text !== '') for (const line of text.split('\n')) say(line)
  const problems = problemsOf(findings)
  if (problems.length === 0) return
  const what = problems.length === 1 ? 'that is' : `those ${problems.length} are`
  throw new UserError(
    `containers cannot run on this machine until ${what} mended; nothing was changed`,
    'mend it and run this again, or: ./brume up --no-node   (the control plane alone)',
  )
}

async function install(facts: MachineFacts, { say, encryption }: PrepareOptions): Promise<string[]> {
  const needs = encryption === 'required' ? [...NEEDS, ENCRYPTION_NEED] : NEEDS
  try {
    return await installMissing({ distribution: facts.distribution, onProgress: say, needs })
  } catch (error) {
    if (!(error instanceof InstallError)) throw error
    throw new UserError(error.message, error.next, { cause: error })
  }
}
