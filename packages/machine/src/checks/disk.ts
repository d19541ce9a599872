// The place for images, containers and the store.

import type { DiskFacts } from '../facts.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const GIB = 1024 ** 3
/** Less holds not even the programs and one image. */
const LEAST_BYTES = 1 * GIB
const LITTLE_BYTES = 5 * GIB
const LEAST_FILES = 10_000
/** Locks and fsync are not what the store needs there. */
const REMOTE = ['nfs', 'nfs4', 'cifs', 'smb3', '9p', 'fuse.sshfs']

export function diskFindings(disk: DiskFacts): Finding[] {
  const findings: Finding[] = []
  const free = `${(disk.freeBytes / GIB).toFixed(1)} GiB are free at ${disk.path}`
  const elsewhere = './brume up --data-dir DIR   (on another file system)'
  // Options of mounts are separated by commas, layers of an overlay by colons; lines end where lines end.
  const odd = /[,:\\"\n]/.exec(disk.dataDir)?.[0]
  if (odd !== undefined) {
    const what = `the path ${JSON.stringify(disk.dataDir)} has a ${JSON.stringify(odd)}, which mounts cannot hold`
    findings.push(problem('disk', what, './brume up --data-dir DIR   (with another name)'))
  }
  if (disk.options.includes('ro'))
    findings.push(problem('disk', `the file system at ${disk.path} is read-only`, elsewhere))
  for (const option of ['noexec', 'nodev'].filter((name) => disk.options.includes(name))) {
    const level = option === 'noexec' ? problem : warning
    const what = option === 'noexec' ? 'no program can run there' : 'devices of containers do not work there'
    findings.push(level('disk', `${disk.path} is mounted ${option}: ${what}`, elsewhere))
  }
  if (REMOTE.includes(disk.type))
    findings.push(problem('disk', `${disk.path} is on ${disk.type}: the store needs a local disk`, elsewhere))
  if (disk.freeBytes < LEAST_BYTES)
    findings.push(problem('disk', `only ${free}`, `free some, or ${elsewhere}`))
  else if (disk.freeBytes < LITTLE_BYTES)
    findings.push(warning('disk', `only ${free}: a few images fill them`, `free some, or ${elsewhere}`))
  if (disk.freeFiles < LEAST_FILES)
    findings.push(problem('disk', `only ${disk.freeFiles} files fit at ${disk.path}`, elsewhere))
  return findings.length > 0 ? findings : [ok('disk', free)]
}
