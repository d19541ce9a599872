// All commands of `brume`: those here, and those that the launcher runs itself.

import type { CommandSpec } from '@brume/base/command-line'
import { DOWN, JOIN, RESET, RESTORE } from '@brume/machine/commands/others'
import { UP } from '@brume/machine/commands/up'
import type { Command } from './command.ts'
import { audit } from './commands/audit.ts'
import { backup } from './commands/backup.ts'
import { completion } from './commands/completion.ts'
import { doctor } from './commands/doctor.ts'
import { explain } from './commands/explain.ts'
import { image } from './commands/image/image.ts'
import { kubeconfig } from './commands/kubeconfig.ts'
import { logs } from './commands/logs.ts'
import { net } from './commands/net.ts'
import { node } from './commands/node/node.ts'
import { rotateKey } from './commands/rotate-key.ts'
import { runApp } from './commands/run.ts'
import { service } from './commands/service.ts'
import { status } from './commands/status.ts'
import { version } from './commands/version.ts'

export const COMMANDS: readonly Command[] = [
  status,
  runApp,
  explain,
  kubeconfig,
  image,
  backup,
  rotateKey,
  doctor,
  audit,
  logs,
  net,
  node,
  service,
  version,
  completion,
]

/** Run by the launcher (`./brume`). They are here for help and shell completion. */
export const LAUNCHER_COMMANDS: readonly CommandSpec[] = [
  UP,
  JOIN,
  DOWN,
  RESET,
  RESTORE,
  {
    name: 'test',
    summary: 'Run every test that can run on this machine',
    options: [{ name: 'list', help: 'Show the test files' }],
  },
  { name: 'bench', usage: '[NAME]', summary: 'Run the benchmarks against their peers' },
]

export const SUMMARY = 'Brume: a private cloud behind the Kubernetes API.'

export const FOOTER = `
Everything else is the Kubernetes API: use kubectl, helm or any other client of it.
  ./brume kubeconfig --merge && kubectl get pods --all-namespaces

Exit codes: 0 ok, 1 failed, 2 wrong usage. Help of one command: brume COMMAND --help`
