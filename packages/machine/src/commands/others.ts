// The words of the other commands that run a cloud on a machine, or end it. Data.

import type { CommandSpec } from '@brume/base/command-line'
import { CNI_CONF, DATA_DIR, ENCRYPTION, EVICTION, LOG_LEVEL, NODE_NAME } from './options.ts'

export const JOIN: CommandSpec = {
  name: 'join',
  usage: '[https://HOST:PORT --token TOKEN --ca-hash HASH]',
  summary: 'Make this machine a node of a cloud that runs elsewhere',
  details: `
The agent alone, in the foreground. The whole command is printed on the first machine by: ./brume node token. A machine
that has joined needs no arguments.`,
  maxArguments: 1,
  options: [
    DATA_DIR,
    { name: 'token', value: 'TOKEN', help: 'Lets this machine in, once' },
    { name: 'ca-hash', value: 'HASH', help: 'By which the cloud is known' },
    NODE_NAME,
    CNI_CONF,
    ENCRYPTION,
    ...EVICTION,
    LOG_LEVEL,
  ],
}

export const DOWN: CommandSpec = {
  name: 'down',
  summary: 'Stop the cloud that runs on this machine',
  details: 'Containers go on. Nothing running is no error.',
  options: [
    DATA_DIR,
    { name: 'stop-workloads', help: 'Stop containers too; the next "up" starts them again' },
  ],
}

export const RESET: CommandSpec = {
  name: 'reset',
  summary: 'Remove the cloud of this machine with all its state',
  details: `
Stops the cloud and its containers, and removes all its state, images and volumes included. There is no way back but a
backup. What is not this cloud's is not touched.`,
  options: [DATA_DIR, { name: 'yes', help: 'Do not ask' }],
}

export const RESTORE: CommandSpec = {
  name: 'restore',
  usage: 'FILE',
  summary: 'Put a backup in the place of a stopped cloud',
  details: `
With its keys, so that the cloud is the one that its clients know, on another machine too. What was there is kept beside
it.`,
  maxArguments: 1,
  options: [
    DATA_DIR,
    {
      name: 'keys',
      value: 'FILE',
      help: 'The keys of the backup',
      default: 'FILE.keys, if it is there',
    },
    { name: 'passphrase-file', value: 'FILE', help: 'What they were protected with' },
  ],
}
