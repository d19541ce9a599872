// `brume down` and `brume reset`: what their options mean.

import { DOWN, RESET } from '@brume/machine/commands/others'
import { down, reset } from '../down.ts'
import { dataDirOf, type ServerCommand } from './command.ts'

export const downCommand: ServerCommand = {
  spec: DOWN,
  async run({ options }) {
    return down(dataDirOf(options), { workloads: options['stop-workloads'] !== undefined })
  },
}

export const resetCommand: ServerCommand = {
  spec: RESET,
  async run({ options }) {
    return reset(dataDirOf(options), options['yes'] !== undefined)
  },
}
