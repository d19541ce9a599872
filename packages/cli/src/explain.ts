// What went wrong, as a sentence on standard error that ends with the command to run next.

import { EXIT_FAILED, EXIT_USAGE, UsageError } from '@brume/base/command-line'
import { StatusError } from '@brume/base/errors'
import { KubeconfigError } from '@brume/client/kubeconfig-file'
import { TransportError } from '@brume/client/transport'
import { CommandError, type Io } from './command.ts'

/** The exit code. `argv` are the words after the command. */
export function explain(command: string, error: unknown, { err }: Io, argv: readonly string[] = []): number {
  const say = (message: string, next?: string) =>
    err.write(`brume ${command}: ${message}\n${next === undefined ? '' : `next: ${next}\n`}`)
  if (error instanceof UsageError) {
    err.write(`brume: ${error.message}\n`)
    return EXIT_USAGE
  }
  if (error instanceof CommandError) say(error.message, error.next)
  else if (error instanceof KubeconfigError) say(error.message)
  else if (error instanceof TransportError) say(error.message, nextAfter(error, dataDirIn(argv)))
  else if (error instanceof StatusError) say(`the server refused: ${error.message}`, nextAfterRefusal(error))
  else say(`unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return EXIT_FAILED
}

function nextAfter({ code }: TransportError, dataDir: string | undefined): string {
  switch (code) {
    case 'Certificate':
      return './brume kubeconfig --merge   (this kubeconfig may be of another cloud)'
    case 'Unreachable':
      return `./brume up${dataDir === undefined ? '' : ` --data-dir ${dataDir}`}   (on the machine of the cloud, if it does not run)`
    case 'ConnectionLost':
    case 'Timeout':
    case 'Closed':
      return './brume status'
  }
}

/** As it was typed: `up` without it would make another cloud. */
function dataDirIn(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === '--data-dir' || word.startsWith('--data-dir='))
  return argv[at]?.split('=', 2)[1] ?? (at < 0 ? undefined : argv[at + 1])
}

function nextAfterRefusal({ reason, details }: StatusError): string {
  if (reason === 'NotFound' && details?.kind === 'namespaces')
    return `kubectl create namespace ${details.name}`
  if (reason === 'NotFound' && details?.kind !== undefined)
    return `kubectl get ${details.kind} --all-namespaces`
  if (reason === 'Unauthorized') return './brume kubeconfig --merge   (as root on the machine of the cloud)'
  if (reason === 'Forbidden') return 'kubectl auth can-i --list   (what you may do)'
  return './brume status'
}
