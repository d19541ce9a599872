// How layers become a file system: overlay where the data directory's file system carries it, plain copies else.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RunError, run } from '@brume/machine/run'
import type { RuntimePaths } from './paths.ts'

export type Snapshotter = 'overlayfs' | 'native'

/**
 * Chosen once by trying: another choice later would leave all images and containers behind. A container's file system
 * on an overlay (Docker in Docker) and some network file systems refuse the mount.
 */
export async function chooseSnapshotter(paths: RuntimePaths): Promise<Snapshotter> {
  const chosen = existsSync(paths.snapshotter) ? readFileSync(paths.snapshotter, 'utf8').trim() : ''
  if (chosen === 'overlayfs' || chosen === 'native') return chosen
  const snapshotter = (await carriesOverlay(paths.root)) ? 'overlayfs' : 'native'
  writeFileSync(paths.snapshotter, `${snapshotter}\n`)
  return snapshotter
}

async function carriesOverlay(dir: string): Promise<boolean> {
  const trial = mkdtempSync(join(dir, 'overlay-'))
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(trial, name))
  for (const path of [lower!, upper!, work!, merged!]) mkdirSync(path)
  try {
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`
    await run(['mount', '-t', 'overlay', 'overlay', '-o', options, merged!])
    await run(['umount', merged!])
    return true
  } catch (error) {
    if (!(error instanceof RunError)) throw error
    return false
  } finally {
    rmSync(trial, { recursive: true, force: true })
  }
}
