// `brume restore`: what its options mean.

import { UsageError } from '@brume/base/command-line'
import { RESTORE } from '@brume/machine/commands/others'
import { restore } from '../restore.ts'
import { dataDirOf, type ServerCommand } from './command.ts'

export const restoreCommand: ServerCommand = {
  spec: RESTORE,
  async run({ options, words }) {
    const [file] = words
    if (file === undefined) throw new UsageError('name one backup file. Next: ./brume restore FILE')
    const { keys, 'passphrase-file': passphraseFile } = options
    return restore(file, dataDirOf(options), { keys, passphraseFile })
  },
}
