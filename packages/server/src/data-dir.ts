// Where everything of one cloud lives. Nothing outside this directory is touched by a control plane.

import { chmodSync, type Stats, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makeFolderDurably } from '@brume/store/files'
import { UserError } from './user-error.ts'

const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

export interface DataDir {
  root: string
  pki: string
  store: string
  encryptionKeys: string
  /** Of the built-in registry. */
  images: string
  kubeconfig: string
  /** Of the cloud itself. */
  log: string
  /** Who did what. */
  auditLog: string
  /** Process id and address of the running control plane. */
  running: string
}

export function dataDirAt(path: string): DataDir {
  const root = resolve(path)
  return {
    root,
    pki: join(root, 'pki'),
    store: join(root, 'store'),
    encryptionKeys: join(root, 'encryption-keys.json'),
    images: join(root, 'images'),
    kubeconfig: join(root, 'kubeconfig'),
    log: join(root, 'log', 'brume.log'),
    auditLog: join(root, 'audit', 'audit.log'),
    running: join(root, 'running.json'),
  }
}

/** Makes the directory, for its owner alone. Throws UserError with what to do. */
export function ensureDataDir(dir: DataDir): void {
  try {
    makeFolderDurably(dir.root)
    const found = statSync(dir.root)
    if (!found.isDirectory()) throw new Error('it is not a directory')
    keepOthersOut(dir.root, found)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UserError(
      `cannot use the data directory ${dir.root}: ${why}`,
      'Name one that you may write to: ./brume up --data-dir DIR',
    )
  }
}

/** What to do when a store needs a key that is not there. */
export function keyFileNext(dir: DataDir): string {
  return `put the key file that belongs to this store at ${dir.encryptionKeys}, or restore with --keys BACKUP.keys, then run this again`
}

/** Whoever may write to the directory could put another CA or kubeconfig in the place of ours. */
function keepOthersOut(path: string, { mode, uid }: Stats): void {
  const isShared = (mode & STICKY) !== 0
  if (isShared || uid !== process.getuid?.() || (mode & WRITABLE_BY_OTHERS) === 0) return
  chmodSync(path, mode & 0o7777 & ~WRITABLE_BY_OTHERS)
}
