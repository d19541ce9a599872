// All commands of `brume`: those here, and those that the launcher runs itself.

import type { CommandSpec } from '@brume/base/command-line'
import type { Command } from './command.ts'
import { backup } from './commands/backup.ts'
import { completion } from './commands/completion.ts'
import { kubeconfig } from './commands/kubeconfig.ts'
import { status } from './commands/status.ts'
import { version } from './commands/version.ts'

export const COMMANDS: readonly Command[] = [status, kubeconfig, backup, version, completion]

/** Run by the launcher (`./brume`), with their own --help. */
export const LAUNCHER_COMMANDS: readonly CommandSpec[] = [
  { name: 'up', summary: 'Start the cloud on this machine, in the foreground' },
  { name: 'down', summary: 'Stop the cloud that runs on this machine' },
  { name: 'reset', summary: 'Remove the cloud of this machine with all its state' },
  { name: 'restore', usage: 'FILE', summary: 'Put a backup in the place of a stopped cloud' },
  { name: 'test', summary: 'Run every test that can run on this machine' },
  { name: 'bench', usage: '[NAME]', summary: 'Run the benchmarks against their peers' },
]

export const SUMMARY = 'Brume: a private cloud behind the Kubernetes API.'

export const FOOTER = `
Everything else is the Kubernetes API: use kubectl, helm or any other client of it.
  brume kubeconfig --merge && kubectl get pods --all-namespaces

Exit codes: 0 ok, 1 failed, 2 wrong usage. Help of one command: brume COMMAND --help`
