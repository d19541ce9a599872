// `brume node cordon` and `brume node uncordon`.

import { EXIT_OK, type ParsedCommand } from '@brume/base/command-line'
import type { Io } from '../../command.ts'
import { connect } from '../../connect.ts'
import { namesIn, nodeNamed, setCordoned } from '../../nodes/cordon.ts'

export async function run(parsed: ParsedCommand, io: Io, cordoned: boolean): Promise<number> {
  const names = namesIn(parsed)
  const { client } = connect(parsed, io)
  try {
    for (const name of names) {
      const isNew = await setCordoned(client, await nodeNamed(client, name), cordoned)
      io.out.write(
        `${name} ${isNew ? 'is' : 'was'} ${cordoned ? 'cordoned' : 'open'}${isNew ? '' : ' already'}\n`,
      )
    }
    return EXIT_OK
  } finally {
    client.transport.close()
  }
}
