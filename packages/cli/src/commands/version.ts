// `brume version`: what runs here, and what runs there.

import { EXIT_FAILED, EXIT_OK, type ParsedCommand } from '@brume/base/command-line'
import { CLIENT_VERSION } from '@brume/client/client'
import { CONNECTION_OPTIONS, type Command, type Io, OUTPUT_OPTION } from '../command.ts'
import { connect } from '../connect.ts'
import { explain } from '../explain.ts'

interface ServerVersion {
  gitVersion: string
  platform: string
}

export const version: Command = {
  spec: {
    name: 'version',
    summary: 'Show the version of this command and of the server',
    options: [...CONNECTION_OPTIONS, OUTPUT_OPTION, { name: 'client', help: 'Do not ask the server' }],
  },
  async run(parsed, io) {
    const client = { version: CLIENT_VERSION, node: process.versions.node }
    let server: ServerVersion | undefined
    let code = EXIT_OK
    if (parsed.options['client'] === undefined) {
      try {
        server = await serverVersion(parsed, io)
      } catch (error) {
        code = explain('version', error, io)
      }
    }
    if (parsed.options['output'] === 'json') {
      io.out.write(`${JSON.stringify({ client, ...(server === undefined ? {} : { server }) }, null, 2)}\n`)
    } else {
      io.out.write(`client: ${client.version} (node ${client.node})\n`)
      if (server !== undefined) io.out.write(`server: ${server.gitVersion} (${server.platform})\n`)
    }
    return code === EXIT_OK ? EXIT_OK : EXIT_FAILED
  },
}

async function serverVersion(parsed: ParsedCommand, io: Io): Promise<ServerVersion> {
  const { client } = connect(parsed, io)
  try {
    return await client.json<ServerVersion>({ method: 'GET', path: '/version' })
  } finally {
    client.transport.close()
  }
}
