// What the image commands share: the registry of the cloud that the kubeconfig names, and its errors as sentences.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ParsedCommand } from '@brume/base/command-line'
import type { Connection } from '@brume/client/kubeconfig'
import { RegistryClient, RegistryRefusal } from '@brume/images/client/registry-client'
import { ImageError } from '@brume/images/image-error'
import { CommandError, type Io, type Output } from '../../command.ts'
import { connect } from '../../connect.ts'

/** A push answers when the blob is on the disk. */
const ANSWER_TIMEOUT_MS = 10 * 60_000

export interface RegistrySession {
  registry: RegistryClient
  connection: Connection
}

/** Runs `work` with the registry, when it is there. Throws CommandError with the command to run next. */
export async function withRegistry<T>(
  parsed: ParsedCommand,
  io: Io,
  work: (session: RegistrySession) => Promise<T>,
): Promise<T> {
  const { client, connection } = connect(parsed, io, { answerTimeoutMs: ANSWER_TIMEOUT_MS })
  try {
    return await explained(async () => {
      const registry = new RegistryClient(client.transport)
      await registry.ping()
      return work({ registry, connection })
    }, `./brume ${parsed.command.name} --help`)
  } finally {
    client.transport.close()
  }
}

/** What the library of images says, as a sentence with the command to run next (`next` where it has no better). */
export async function explained<T>(work: () => Promise<T>, next: string): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RegistryRefusal)
      throw new CommandError(error.message, nextOf(error), { cause: error })
    if (error instanceof ImageError) {
      throw new CommandError(error.message, next, { cause: error })
    }
    throw error
  }
}

function nextOf({ status }: RegistryRefusal): string {
  if (status === 401) return './brume kubeconfig --merge   (as root on the machine of the cloud)'
  if (status === 403) return 'ask for the ClusterRole brume:image-pusher (or brume:image-puller to read)'
  if (status === 404) return './brume image list'
  return './brume status'
}

/** A directory for what is large and passing; removed afterwards. */
export async function withWorkDir<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'brume-image-'))
  try {
    return await work(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/** Lines of long work: always, for logs of builds are read too. */
export function progressTo(output: Output): (line: string) => void {
  return (line) => output.write(`${line}\n`)
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}
