// What this machine tells of the cloud on it, without asking the API.

import { X509Certificate } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from '@brume/machine/checks/finding'
import { firewallWarnings } from '@brume/machine/checks/firewall'
import { checkPrograms } from '@brume/machine/checks/programs'
import { type MachineFacts, observeMachine } from '@brume/machine/facts'
import { installStep } from '@brume/machine/install/commands'
import { missingNeeds, packagesFor } from '@brume/machine/install/packages'
import { ownNames } from '@brume/machine/own-names'
import { isSameProcess, processId } from '@brume/machine/process-id'

export interface ObservedHost {
  dataDir: string
  facts: MachineFacts
  /** Programs that are not installed, and the command that installs them. */
  missing: { names: readonly string[]; install: string | undefined }
  trials: readonly Finding[]
  firewall: readonly string[]
  /** The data directory has been used. */
  used: boolean
  /** Its process is there: the control plane's, or the agent's of a machine that has joined. */
  runs: boolean
  /** The cloud that this machine has joined, if it has none of its own. */
  joined: string | undefined
  /** undefined: this cloud has never run containers. */
  containerd: { runs: boolean } | undefined
  certificates: readonly Certificate[]
}

export interface Certificate {
  path: string
  /** undefined: it cannot be read. */
  endsMs: number | undefined
}

export async function observeHost(dataDir: string): Promise<ObservedHost> {
  const facts = observeMachine(dataDir)
  const missing = missingNeeds()
  const { installer } = facts.distribution
  const complete = facts.root && missing.length === 0
  const packages = installer === undefined ? [] : packagesFor(missing, installer)
  return {
    dataDir,
    facts,
    missing: {
      names: missing.map(({ name }) => name),
      install: installer && installStep(installer, packages).argv.join(' '),
    },
    trials: complete ? await checkPrograms() : [],
    firewall: complete ? await firewallWarnings(ownNames(dataDir).bridge) : [],
    used: existsSync(join(dataDir, 'pki')) || existsSync(join(dataDir, 'store')),
    runs: brumeRuns(dataDir),
    joined: joinedCloud(dataDir),
    containerd: containerdOf(dataDir),
    certificates: certificatesOf(dataDir),
  }
}

/** The address of another machine's cloud, of which this one is a node; undefined: it has not joined any. */
export function joinedCloud(dataDir: string): string | undefined {
  const { server } = recordAt(join(dataDir, 'joined.json'))
  return typeof server === 'string' && !existsSync(join(dataDir, 'store', 'store.db')) ? server : undefined
}

/** As `up` and `join` say in their data directory. */
export function brumeRuns(dataDir: string): boolean {
  const { pid } = recordAt(join(dataDir, 'running.json'))
  if (typeof pid !== 'number' || processId(pid) === undefined) return false
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('server/src/main.ts')
  } catch {
    return false
  }
}

function containerdOf(dataDir: string): ObservedHost['containerd'] {
  const dir = join(dataDir, 'node', 'containerd')
  if (!existsSync(dir)) return undefined
  const { pid, startTicks } = recordAt(join(dir, 'containerd.json'))
  if (typeof pid !== 'number' || typeof startTicks !== 'string') return { runs: false }
  return { runs: isSameProcess({ pid, startTicks }) }
}

function certificatesOf(dataDir: string): Certificate[] {
  return globSync(['pki/*.crt', 'node/pki/*.crt'], { cwd: dataDir })
    .sort()
    .map((name) => join(dataDir, name))
    .map((path) => ({ path, endsMs: endOf(path) }))
}

function endOf(path: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(readFileSync(path)).validTo)
  } catch {
    return undefined
  }
}

/** {} for a file that is not there, or is cut off. */
function recordAt(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}
