// The distributions that images can be built from.

import { readFile } from 'node:fs/promises'

import { alpine } from '../apk/distribution.ts'
import { debian } from '../apt/distribution.ts'
import { ImageError } from '../image-error.ts'
import type { Distribution } from './distribution.ts'

const ALL: readonly Distribution[] = [debian, alpine]
const OS_RELEASE = '/etc/os-release'

/** By name; without one, that of this machine. */
export async function chooseDistribution(name?: string): Promise<Distribution> {
  const names = name === undefined ? await machineNames() : [name]
  const found = ALL.find((one) => names.includes(one.name))
  if (found !== undefined) return found
  const known = ALL.map((one) => one.name).join(' and ')
  throw new ImageError(
    `images are built from packages of ${known} and their kin; this is ${names.join(', ') || 'an unknown system'}`,
  )
}

async function machineNames(): Promise<string[]> {
  const text = await readFile(OS_RELEASE, 'utf8').catch(() => '')
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
  return [value('ID'), ...value('ID_LIKE').split(' ')].filter((word) => word !== '')
}
