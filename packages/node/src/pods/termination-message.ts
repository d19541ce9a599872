// What a container left to say why it ended: its termination message file, or, by its policy, the end of its log.

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { TERMINATION_MESSAGE_PATH, TERMINATION_MESSAGE_POLICY } from '../containers/names.ts'
import type { ContainerStatus } from '../cri/cri.ts'

/** Source: Kubernetes' documentation, "Determine the reason for pod failure". */
const MAX_MESSAGE_BYTES = 4096
const MAX_LOG_BYTES = 2048
const MAX_LOG_LINES = 80

/** '' when it left nothing. Never throws: what cannot be read is said in the message. */
export async function readTerminationMessage(status: ContainerStatus): Promise<string> {
  const { annotations = {}, mounts = [], message = '' } = status
  const path = annotations[TERMINATION_MESSAGE_PATH]
  const mount = path === undefined ? undefined : mounts.find((one) => one.containerPath === path)
  try {
    const own = mount?.hostPath === undefined ? '' : await head(mount.hostPath, MAX_MESSAGE_BYTES)
    if (own !== '') return joined(message, own)
    const failed = (status.exitCode ?? 0) !== 0
    if (annotations[TERMINATION_MESSAGE_POLICY] !== 'FallbackToLogsOnError' || !failed) return message
    return joined(message, await logEnd(status.logPath ?? ''))
  } catch (error) {
    return joined(message, `Error on reading termination log ${path ?? ''}: ${String(error)}`)
  }
}

function joined(message: string, own: string): string {
  return message === '' ? own : `${message}: ${own}`
}

/** A pod may have put a link or a pipe there by a volume of its own: to wait for a pipe's writer would be for ever. */
const FILE_OF_A_POD = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

async function head(path: string, limit: number): Promise<string> {
  const file = await open(path, FILE_OF_A_POD)
  try {
    if (!(await file.stat()).isFile()) return ''
    const { bytesRead, buffer } = await file.read(Buffer.alloc(limit), 0, limit, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The last lines, without the runtime's time, stream and tag. */
async function logEnd(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    // Each line carries some 40 bytes of the runtime's own.
    const length = Math.min(size, MAX_LOG_BYTES * 4)
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length)
    const lines = buffer
      .toString('utf8')
      .split('\n')
      .slice(-MAX_LOG_LINES - 1)
    return lines
      .map((line) => line.replace(/^\S+ (stdout|stderr) \S+ /, ''))
      .join('\n')
      .slice(-MAX_LOG_BYTES)
  } finally {
    await file.close()
  }
}
