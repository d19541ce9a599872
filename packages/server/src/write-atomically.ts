// Files that others read at any time: there completely, as they were or as they are now. (What must survive a power loss
// is written by the store's files.ts.)

import { renameSync, rmSync, writeFileSync } from 'node:fs'

/** For the owner alone, also where a file of the temporary name was left or laid before. */
export function writeAtomically(path: string, text: string): void {
  rmSync(`${path}.new`, { force: true })
  writeFileSync(`${path}.new`, text, { mode: 0o600, flag: 'wx' })
  renameSync(`${path}.new`, path)
}
