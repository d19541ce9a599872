// A directory for a test file, removed when its tests are done.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** Returns a function that gives the path of a new empty directory each time, all in `parent`. */
export function tempDirs(parent = tmpdir()): () => string {
  const root = mkdtempSync(join(parent, 'brume-store-'))
  after(() => rmSync(root, { recursive: true }))
  return () => mkdtempSync(join(root, 'dir-'))
}
