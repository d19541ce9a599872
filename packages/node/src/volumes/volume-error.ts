// What a user reads about a volume that is not ready.

import { StatusError } from '@brume/base/errors'
import { PodProblem } from '../contract.ts'

/** The words of an error of the file system, of a program, of the API. */
export function volumeProblem(volume: string, cause: unknown): PodProblem {
  const message = `MountVolume.SetUp failed for volume ${JSON.stringify(volume)} : ${wordsOf(cause)}`
  return new PodProblem('FailedMount', message, { cause })
}

function wordsOf(cause: unknown): string {
  if (cause instanceof StatusError || cause instanceof PodProblem) return cause.message
  const { code, message, path } = cause as NodeJS.ErrnoException
  if (code === 'ENOSPC') return `no space left on the device of ${path ?? 'this node'}`
  if (code === 'EDQUOT') return `the quota of the device of ${path ?? 'this node'} is used up`
  return message
}
