// From a command's options to a client.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ParsedCommand } from '@brume/base/command-line'
import { Client } from '@brume/client/client'
import { type Connection, connectTransport, kubeconfigPaths, loadConnection } from '@brume/client/kubeconfig'
import { USUAL_DIR } from '@brume/machine/own-names'
import { CommandError, type Io } from './command.ts'

export interface Connected {
  client: Client
  connection: Connection
}

/** Nothing is sent yet. The caller closes `client.transport`. */
export function connect(
  { options }: ParsedCommand,
  { env, err, clock }: Io,
  limits: { answerTimeoutMs?: number } = {},
): Connected {
  const dataDir = options['data-dir']
  const flag = options['kubeconfig'] ?? (dataDir === undefined ? undefined : join(dataDir, 'kubeconfig'))
  const context = options['context']
  if (options['kubeconfig'] === undefined && flag !== undefined && !existsSync(flag)) {
    throw new CommandError(`there is no cloud in ${dataDir}`, `./brume up --data-dir ${dataDir}`)
  }
  const paths = kubeconfigPaths({ env, dataDir: USUAL_DIR, ...(flag === undefined ? {} : { flag }) })
  const connection = loadConnection({ paths, env, clock, ...(context === undefined ? {} : { context }) })
  const client = new Client({
    transport: connectTransport(connection, limits),
    clock,
    onWarning: (text) => err.write(`warning: ${text}\n`),
  })
  return { client, connection }
}
