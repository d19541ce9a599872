// `brume rotate-key`: a new key for Secrets at rest, while the cloud runs.

import { EXIT_OK } from '@brume/base/command-line'
import { CONNECTION_OPTIONS, type Command } from '../command.ts'
import { connect } from '../connect.ts'

/** Every Secret, and their history, is written again before the answer. */
const ANSWER_TIMEOUT_MS = 30 * 60_000

interface Rotated {
  key: string
  rewritten: number
  keys: number
}

export const rotateKey: Command = {
  spec: {
    name: 'rotate-key',
    summary: 'Give Secrets a new encryption key and rewrite them all, while the cloud runs',
    details: `The old keys stay in the key file: backups without keys of their own need them. What is cut off is finished by the
next start. Save the new key afterwards: ./brume backup`,
    options: [
      ...CONNECTION_OPTIONS,
      {
        name: 'drop-old-keys',
        help: 'Remove the old keys from the key file when nothing in the store needs them',
      },
    ],
  },
  async run(parsed, io) {
    const { client } = connect(parsed, io, { answerTimeoutMs: ANSWER_TIMEOUT_MS })
    try {
      const { key, rewritten, keys } = await client.json<Rotated>({
        method: 'POST',
        path: '/encryption/rotate',
        query: { dropOldKeys: parsed.options['drop-old-keys'] !== undefined },
      })
      const old =
        keys === 1
          ? 'no old key is kept'
          : `${keys - 1} old ${keys === 2 ? 'key is' : 'keys are'} kept for older backups`
      io.out.write(
        `key: ${key}\nrewritten: ${rewritten} values, history included; ${old}\nnext: ./brume backup\n`,
      )
      return EXIT_OK
    } finally {
      client.transport.close()
    }
  },
}
