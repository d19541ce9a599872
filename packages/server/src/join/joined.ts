// What a machine remembers of the cloud that it has joined.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomically } from '../write-atomically.ts'

export interface Joined {
  /** https://HOST:PORT */
  server: string
  nodeName: string
}

const FILE = 'joined.json'

export function readJoined(root: string): Joined | undefined {
  const path = join(root, FILE)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

export function writeJoined(root: string, joined: Joined): void {
  writeAtomically(join(root, FILE), JSON.stringify(joined))
}
