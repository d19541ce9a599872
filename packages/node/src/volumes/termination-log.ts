// The file in which a container can say why it ended.

import { chmod, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Those of the container that ran before the last one are read no more. */
const KEPT = 2

/** The file of this start of the container, empty when it is new. Anyone in the container can write it. */
export async function ensureTerminationLog(dir: string, attempt: number): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o750 })
  for (const name of await readdir(dir)) {
    if (/^\d+$/.test(name) && Number(name) < attempt - KEPT) await rm(join(dir, name), { force: true })
  }
  const path = join(dir, String(attempt))
  await (await open(path, 'a')).close()
  await chmod(path, 0o666)
  return path
}
