// What a CA's refusal means for people, with the next step. Pure. Source of the types: RFC 8555 section 6.7.

import type { Failure, FailureKind } from './attempt.ts'
import type { AcmeError } from './protocol/error.ts'

const NEXT: Record<string, string> = {
  dns: "DNS does not lead here: give the host an A (or AAAA) record with this machine's public address",
  connection:
    'port 80 of this machine is not reached from outside: open it in the firewall, or lead it here at the router',
  tls: 'port 80 leads to TLS that the CA cannot speak with: let plain HTTP through',
  unauthorized:
    'somebody else answers at that host: let its DNS records (AAAA too) lead to this machine alone, and past caches',
  incorrectResponse:
    'somebody else answers at that host: let its DNS records (AAAA too) lead to this machine alone, and past caches',
  caa: 'a CAA record of the domain does not let this CA issue: add it there, or use a CA that it names',
  rejectedIdentifier: 'this CA does not issue for the name: use a name under a public suffix, or another CA',
  unsupportedIdentifier: 'this CA does not issue for such names: use another host, or another CA',
  externalAccountRequired:
    'this CA wants to know its customers: ./brume up --acme-eab FILE with its key id and key',
  userActionRequired: 'the CA wants something of you first: read what it says',
  invalidContact: 'the CA does not take the address: ./brume up --acme-email ANOTHER',
  unsupportedContact: 'the CA does not take the address: ./brume up --acme-email ANOTHER',
  unreachable: 'check --acme-directory, the way out of this machine, and --acme-ca for a private CA',
}

const KINDS: Record<string, FailureKind> = {
  rateLimited: 'rateLimited',
  unreachable: 'unreachable',
  server: 'unreachable',
  serverInternal: 'unreachable',
  badNonce: 'unreachable',
  accountDoesNotExist: 'unreachable',
}

/** `host`: whose proof failed, where one did. */
export function failureOf(error: AcmeError, host?: string): Failure {
  const { type, message, retryAfterMs } = error
  const next = NEXT[type]
  const where = host === undefined || message.startsWith(`${host}:`) ? '' : `${host}: `
  return {
    kind: KINDS[type] ?? 'refused',
    message: `${where}${message} (${type})${next === undefined ? '' : `. ${next}`}`,
    retryAfterMs,
  }
}
