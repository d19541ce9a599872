// What went wrong, as a sentence on standard error that ends with the command to run next.

import { EXIT_FAILED, EXIT_USAGE, UsageError } from '@brume/base/command-line'
import { StatusError } from '@brume/base/errors'
import { KubeconfigError } from '@brume/client/kubeconfig-file'
import { TransportError } from '@brume/client/transport'
import { CommandError, type Io } from './command.ts'

/** The exit code. */
export function explain(command: string, error: unknown, { err }: Io): number {
  const say = (message: string, next?: string) =>
    err.write(`brume ${command}: ${message}\n${next === undefined ? '' : `next: ${next}\n`}`)
  if (error instanceof UsageError) {
    err.write(`brume: ${error.message}\n`)
    return EXIT_USAGE
  }
  if (error instanceof CommandError) say(error.message, error.next)
  else if (error instanceof KubeconfigError) say(error.message)
  else if (error instanceof TransportError) say(error.message, nextAfter(error))
  else if (error instanceof StatusError) say(`the server refused: ${error.message}`, nextAfterRefusal(error))
  else say(`unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return EXIT_FAILED
}

function nextAfter({ code }: TransportError): string {
  switch (code) {
    case 'Certificate':
      return './brume kubeconfig --merge   (this kubeconfig may be of another cloud)'
    case 'Unreachable':
      return './brume up   (on the machine of the cloud, if it does not run)'
    case 'ConnectionLost':
    case 'Timeout':
    case 'Closed':
      return './brume status'
  }
}

function nextAfterRefusal({ reason }: StatusError): string {
  if (reason === 'Unauthorized') return './brume kubeconfig --merge   (as root on the machine of the cloud)'
  if (reason === 'Forbidden') return 'kubectl auth can-i --list   (what you may do)'
  return './brume status'
}
