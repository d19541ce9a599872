// Who the client is to the server: a certificate, a token, a file that holds one, or a program that gives them.

import { readFile } from 'node:fs/promises'
import type { Clock } from '@brume/base/clock'

export interface ClientCertificate {
  certificatePem?: string
  keyPem?: string
}

export interface Credentials {
  /** The Authorization header's value, if any. */
  authorization(): Promise<string | undefined>
  /** For the TLS handshake; empty when none is used. */
  certificate(): Promise<ClientCertificate>
  /** Called after a 401: true when asking again may give other credentials. */
  refresh(): boolean
}

/** A token file is read again when it was last read so long ago (as client-go). */
const TOKEN_FILE_AGE_MS = 10_000

export function certificateCredentials(certificate: ClientCertificate): Credentials {
  return {
    authorization: async () => undefined,
    certificate: async () => certificate,
    refresh: () => false,
  }
}

export function tokenCredentials(token: string, certificate: ClientCertificate = {}): Credentials {
  return {
    authorization: async () => `Bearer ${token}`,
    certificate: async () => certificate,
    refresh: () => false,
  }
}

/** The file is read at first use and again every 10 s, so that rotated tokens are picked up. */
export function tokenFileCredentials(
  path: string,
  clock: Clock,
  certificate: ClientCertificate = {},
): Credentials {
  let token = ''
  let readAt = Number.NEGATIVE_INFINITY
  return {
    async authorization() {
      if (clock.now() - readAt >= TOKEN_FILE_AGE_MS) {
        token = (await readFile(path, 'utf8')).trim()
        readAt = clock.now()
      }
      return `Bearer ${token}`
    },
    certificate: async () => certificate,
    refresh() {
      readAt = Number.NEGATIVE_INFINITY
      return false
    },
  }
}
