// `brume join`: what its options mean.

import { JOIN } from '@brume/machine/commands/others'
import { beginAgainOnceCompiled } from '../begin-again.ts'
import { joinCloud } from '../join/join.ts'
import { dataDirOf, encryptionOf, logLevelOf, type ServerCommand } from './command.ts'
import { evictionOf } from './eviction.ts'

export const joinCommand: ServerCommand = {
  spec: JOIN,
  async run({ options, words }) {
    beginAgainOnceCompiled()
    return joinCloud({
      server: words[0],
      token: options['token'],
      caHash: options['ca-hash'],
      dataDir: dataDirOf(options),
      nodeName: options['node-name'],
      cniConfDir: options['cni-conf'],
      encryption: encryptionOf(options),
      eviction: evictionOf('join', options),
      logLevel: logLevelOf(options),
    })
  },
}
