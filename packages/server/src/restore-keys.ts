// The keys that were saved beside a backup, in the data directory: first of all, as the backup is checked with them.

import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  KEY_FILES,
  KeyBundleError,
  type KeyFiles,
  keysBeside,
  passphraseOf,
  readKeyBundle,
} from '@brume/base/key-bundle'
import { addKeys } from '@brume/store/encryption/key-file'
import { makeFolderDurably, writeFileDurably } from '@brume/store/files'
import type { DataDir } from './data-dir.ts'
import { UserError } from './user-error.ts'

export interface KeyOptions {
  /** Default: the file beside the backup, if it is there. */
  keys?: string | undefined
  passphraseFile?: string | undefined
}

/** undefined: there are none. Throws UserError. */
export function savedKeys(backup: string, { keys, passphraseFile }: KeyOptions): KeyFiles | undefined {
  const file = keys ?? keysBeside(backup)
  if (!existsSync(file)) {
    if (keys === undefined) return undefined
    throw new UserError(`${file} does not exist`, `./brume restore ${backup} --keys FILE`)
  }
  try {
    const passphrase = passphraseFile === undefined ? undefined : passphraseIn(passphraseFile)
    return readKeyBundle(readFileSync(file, 'utf8'), passphrase)
  } catch (error) {
    if (!(error instanceof KeyBundleError)) throw error
    const next = `./brume restore ${backup} --keys ${file} --passphrase-file FILE`
    throw new UserError(`the keys in ${file} cannot be used: ${error.message}`, next, { cause: error })
  }
}

function passphraseIn(file: string): string {
  if (!existsSync(file)) throw new UserError(`${file} does not exist`, 'name the file with the passphrase')
  return passphraseOf(readFileSync(file, 'utf8'))
}

/** The keys of Secrets: those that are there stay, so that newer backups can be read too. */
export function restoreSecretKeys(dir: DataDir, saved: KeyFiles): void {
  addKeys(dir.encryptionKeys, saved['encryption-keys.json'] ?? '')
}

/**
 * The authority and the key that signs tokens: the cloud is then the one that its clients know. What was there and is
 * another is kept beside; the result is its name. Cut off on the way, the next start finds keys that do not belong
 * together and says so, or finds them right: never does it make new ones. Call it again then.
 */
export function restoreIdentity(dir: DataDir, saved: KeyFiles, now: Date): string | undefined {
  const wanted = KEY_FILES.filter((name) => name.startsWith('pki/') && saved[name] !== undefined)
  const differs = wanted.some((name) => textOf(join(dir.root, name)) !== saved[name])
  if (!differs) return undefined
  const aside = existsSync(dir.pki)
    ? `${dir.pki}.before-restore-${now.toISOString().replaceAll(':', '-')}`
    : undefined
  if (aside !== undefined)
    cpSync(dir.pki, aside, { recursive: true, preserveTimestamps: true, errorOnExist: true })
  makeFolderDurably(dir.pki)
  for (const name of wanted) {
    const path = join(dir.root, name)
    makeFolderDurably(dirname(path))
    writeFileDurably(path, saved[name]!)
  }
  // They hang on the authority and are made again from it at the next start.
  rmSync(dir.kubeconfig, { force: true })
  return aside
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
