// exec: the command ends with 0 in time.

import { expand, lookup } from '../containers/expand.ts'
import type { ContainerSpec } from '../contract.ts'
import { isCriError } from '../cri/connection.ts'
import type { Cri } from '../cri/cri.ts'
import { GRPC_STATUS } from '../grpc/status.ts'
import { failure, MAX_OUTPUT_BYTES, type Outcome, success } from './outcome.ts'

export async function checkExec(
  cri: Pick<Cri, 'execSync'>,
  {
    command,
    container,
    containerId,
  }: { command: readonly string[]; container: ContainerSpec; containerId: string },
  timeoutSeconds: number,
): Promise<Outcome> {
  const expanded = expandCommand(command, container)
  try {
    const { stdout, stderr, exitCode } = await cri.execSync(containerId, expanded, timeoutSeconds)
    const output = Buffer.concat([stdout, stderr]).subarray(0, MAX_OUTPUT_BYTES).toString('utf8')
    return exitCode === 0 ? success(output) : failure(output === '' ? `exit code ${exitCode}` : output)
  } catch (error) {
    if (!isCriError(error)) throw error
    if (error.code === GRPC_STATUS.deadlineExceeded) {
      return failure(
        `command timed out: ${JSON.stringify(expanded.join(' '))} timed out after ${timeoutSeconds}s`,
      )
    }
    // The runtime's name for this one try is no use to anybody, and would make each event another one.
    return { result: 'error', output: error.message.replace(/failed to start exec "[0-9a-f]{64}": /, '') }
  }
}

/** Variables that are written in the container itself; what comes from elsewhere is not known here. */
export function expandCommand(command: readonly string[], container: ContainerSpec): string[] {
  const env: { name: string; value?: string }[] = container['env'] ?? []
  const written = new Map(
    env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
  )
  return command.map((text) => expand(text, lookup(written)))
}
