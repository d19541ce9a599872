// Options that several of the commands share which run a cloud, or a part of it, on a machine.

import type { OptionSpec } from '@brume/base/command-line'
import { USUAL_DIR } from '../own-names.ts'

export const DATA_DIR: OptionSpec = {
  name: 'data-dir',
  value: 'DIR',
  help: 'Where all state lives',
  default: USUAL_DIR,
}

export const NODE_NAME: OptionSpec = {
  name: 'node-name',
  value: 'NAME',
  help: 'What this machine is called as a node',
  default: 'its host name',
}

export const CNI_CONF: OptionSpec = {
  name: 'cni-conf',
  value: 'DIR',
  help: "A site's own CNI configuration instead of the built-in network",
}

export const ENCRYPTION: OptionSpec = {
  name: 'encryption',
  value: 'WHEN',
  help: 'Of what goes to other machines, by WireGuard; auto: where both can do it',
  choices: ['auto', 'required', 'off'],
  default: 'auto',
}

/** The names are the kubelet's. */
export const EVICTION: readonly OptionSpec[] = [
  {
    name: 'eviction-hard',
    value: 'LIST',
    help: 'When pods have to go at once, such as memory.available<200Mi,nodefs.available<10%',
  },
  { name: 'eviction-soft', value: 'LIST', help: 'The same, for what may be missing for a while' },
  {
    name: 'eviction-soft-grace-period',
    value: 'LIST',
    help: 'For how long: memory.available=1m30s; one for each soft signal',
  },
  {
    name: 'eviction-max-pod-grace-period',
    value: 'SECONDS',
    help: 'What a pod has at most then, to end',
    default: '30',
  },
]

export const LOG_LEVEL: OptionSpec = {
  name: 'log-level',
  value: 'LEVEL',
  help: 'How much is logged',
  choices: ['debug', 'info', 'warn', 'error'],
  default: 'warn',
}
