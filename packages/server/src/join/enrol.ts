// Once: the cloud's CA and a certificate for this node, by the token.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@brume/base/clock'
import { Client } from '@brume/client/client'
import { tokenCredentials } from '@brume/client/credentials'
import { HttpTransport } from '@brume/client/http-transport'
import { defaultNodeName } from '../node-name.ts'
import { UserError } from '../user-error.ts'
import { requestCertificate } from './certificates.ts'
import { trustedCa } from './cluster-info.ts'
import { type Joined, writeJoined } from './joined.ts'

export interface EnrolOptions {
  server?: string | undefined
  token?: string | undefined
  caHash?: string | undefined
  nodeName?: string | undefined
}

const HOW = 'on the first machine, ask for the whole command: ./brume node token'

/** Throws UserError. */
export async function enrol(
  { server, token, caHash, nodeName = defaultNodeName() }: EnrolOptions,
  { root, pki }: { root: string; pki: string },
): Promise<Joined> {
  if (server === undefined || token === undefined || caHash === undefined) {
    throw new UserError('joining wants the address of the cloud, a --token and its --ca-hash', HOW)
  }
  const caPem = await trustedCa(server, caHash)
  mkdirSync(pki, { recursive: true, mode: 0o700 })
  writeFileSync(join(pki, 'ca.crt'), caPem, { mode: 0o644 })
  const transport = new HttpTransport({ server, ca: caPem, credentials: tokenCredentials(token) })
  try {
    const client = new Client({ transport })
    await requestCertificate(client, { dir: pki, use: 'client', nodeName, clock: systemClock })
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError(`the cloud does not take the token: ${(cause as Error).message}`, HOW, { cause })
  } finally {
    transport.close()
  }
  const joined = { server, nodeName }
  writeJoined(root, joined)
  return joined
}
