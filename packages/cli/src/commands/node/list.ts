// `brume node list`: every node in a row.

import { EXIT_OK, type ParsedCommand } from '@brume/base/command-line'
import type { Io } from '../../command.ts'
import { connect } from '../../connect.ts'
import { observeNodes } from '../../nodes/observe.ts'
import { printNodes } from '../../nodes/print.ts'
import { nodeRows } from '../../nodes/rows.ts'

export async function run(parsed: ParsedCommand, io: Io): Promise<number> {
  const { client } = connect(parsed, io)
  try {
    const rows = nodeRows(await observeNodes(client))
    if (parsed.options['output'] === 'json') io.out.write(`${JSON.stringify(rows, null, 2)}\n`)
    else if (rows.length === 0) io.out.write('no nodes\nnext: ./brume up   (without --no-node)\n')
    else io.out.write(printNodes(rows, io.clock.now()))
    return EXIT_OK
  } finally {
    client.transport.close()
  }
}
