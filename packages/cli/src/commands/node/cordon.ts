// `brume node cordon` and `brume node uncordon`.

import { EXIT_OK, type ParsedCommand, UsageError } from '@brume/base/command-line'
import type { Io } from '../../command.ts'
import { connect } from '../../connect.ts'
import { nodeNamed, setCordoned } from '../../nodes/cordon.ts'

export async function run({ words, ...parsed }: ParsedCommand, io: Io, cordoned: boolean): Promise<number> {
  if (words.length === 0) throw new UsageError('name a node. Next: ./brume node list')
  const { client } = connect({ words, ...parsed }, io)
  try {
    for (const name of words) {
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
