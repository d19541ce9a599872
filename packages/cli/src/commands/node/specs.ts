// The node commands as data: what help and completion need, without loading what does the work.

import type { CommandSpec, OptionSpec } from '@brume/base/command-line'
import { CONNECTION_OPTIONS, OUTPUT_OPTION } from '../../command.ts'

export const DEFAULT_TOKEN_HOURS = 24
export const DEFAULT_DRAIN_SECONDS = 300

/** Of what empties a node; named as with kubectl drain. */
const DRAIN_OPTIONS: readonly OptionSpec[] = [
  { name: 'force', help: 'Also end pods that no controller makes again elsewhere' },
  { name: 'delete-emptydir-data', help: 'Also end pods with an emptyDir, whose data goes with them' },
  {
    name: 'grace-period',
    value: 'SECONDS',
    help: 'How long each pod has to end',
    default: "the pod's own",
  },
  {
    name: 'timeout',
    value: 'SECONDS',
    help: 'How long to wait until the node is empty',
    default: String(DEFAULT_DRAIN_SECONDS),
  },
]

export const LIST: CommandSpec = {
  name: 'node list',
  summary: 'Show the nodes: state, and what is promised and used of them',
  details: `CPU and memory are shown as PROMISED/USED/ALL: what the pods there asked for, what is used now, and what there is for
pods. HEARD is how long ago the node's agent was last heard.`,
  options: [...CONNECTION_OPTIONS, OUTPUT_OPTION],
}

export const CORDON: CommandSpec = {
  name: 'node cordon',
  usage: 'NAME...',
  summary: 'Let no new pods go to a node; those that are there stay',
  options: CONNECTION_OPTIONS,
  maxArguments: 99,
}

export const UNCORDON: CommandSpec = {
  name: 'node uncordon',
  usage: 'NAME...',
  summary: 'Let pods go to a node again',
  options: CONNECTION_OPTIONS,
  maxArguments: 99,
}

export const DRAIN: CommandSpec = {
  name: 'node drain',
  usage: 'NAME',
  summary: 'Cordon a node and move its pods away',
  details: `Pods are evicted, so disruption budgets are kept: a pod whose budget allows no disruption now is asked again until it may
go. Pods of DaemonSets and static pods stay, for they belong to the node. What would be lost is refused, with the
option that lets it go.`,
  options: [
    ...DRAIN_OPTIONS,
    { name: 'dry-run', help: 'Say what would go and what stays' },
    ...CONNECTION_OPTIONS,
  ],
  maxArguments: 1,
}

export const REMOVE: CommandSpec = {
  name: 'node remove',
  usage: 'NAME',
  summary: 'Drain a node and take it out of the cloud for good',
  details: `The node's certificates count no more: its machine does not come back by itself, but it can join again with a new token.
A node that does not answer is not waited for. Data on volumes of that machine alone is lost to the cloud; they are
named first.`,
  options: [...DRAIN_OPTIONS, { name: 'yes', help: 'Do not ask' }, ...CONNECTION_OPTIONS],
  maxArguments: 1,
}

export const TOKEN: CommandSpec = {
  name: 'node token',
  summary: 'Print the command that makes another machine a node',
  details: `It holds a token that ends after a while, and the hash by which that machine knows the cloud.`,
  options: [
    {
      name: 'hours',
      value: 'N',
      help: 'How long the token is good',
      default: String(DEFAULT_TOKEN_HOURS),
    },
    {
      name: 'host',
      value: 'ADDRESS',
      help: 'Where the other machine reaches the API',
      default: 'what the API says',
    },
    ...CONNECTION_OPTIONS,
  ],
}
