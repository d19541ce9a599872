// `brume status`: is the cloud well, and if not, what is wrong and what to run next.

import { EXIT_FAILED, EXIT_OK } from '@brume/base/command-line'
import { CONNECTION_OPTIONS, type Command, OUTPUT_OPTION } from '../command.ts'
import { connect } from '../connect.ts'
import { observeCloud } from '../status/observe.ts'
import { printStatus } from '../status/print.ts'
import { findProblems } from '../status/problems.ts'

export const status: Command = {
  spec: {
    name: 'status',
    summary: 'Show whether the cloud is well, and what to do when it is not',
    details: 'The exit code is 0 when the API server is ready, whatever runs on it.',
    options: [...CONNECTION_OPTIONS, OUTPUT_OPTION],
  },
  async run(parsed, io) {
    const { client, connection } = connect(parsed, io)
    try {
      const cloud = await observeCloud(client)
      const problems = findProblems(cloud, io.clock.now())
      const { server, context } = connection
      if (parsed.options['output'] === 'json') {
        const { version, ready, checks, counts } = cloud
        io.out.write(
          `${JSON.stringify({ server, context, version, ready, checks, counts, problems }, null, 2)}\n`,
        )
      } else {
        io.out.write(printStatus({ server, context, cloud, problems }))
      }
      return cloud.ready ? EXIT_OK : EXIT_FAILED
    } finally {
      client.transport.close()
    }
  },
}
