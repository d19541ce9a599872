// How a machine that has joined talks to its cloud: with the certificate of its directory, which is renewed while it lasts.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '@brume/base/clock'
import { Client } from '@brume/client/client'
import { certificateCredentials } from '@brume/client/credentials'
import { HttpTransport } from '@brume/client/http-transport'
import type { Transport } from '@brume/client/transport'
import type { NodeCredentials } from '@brume/node/agent/agent'
import { keptCertificate, type NodeCertificate, requestCertificate } from './certificates.ts'
import type { Joined } from './joined.ts'

export interface CloudConnection {
  client: Client
  /** Renews both certificates when it is time; gives the one to serve with. Throws UserError. */
  credentials(): Promise<NodeCredentials>
}

/** `pki` holds a certificate of the node. `around` may wrap the transport. */
export function connectToCloud(
  { server, nodeName }: Joined,
  {
    pki,
    clock = systemClock,
    around = (transport) => transport,
  }: { pki: string; clock?: Clock; around?(transport: Transport): Transport },
): CloudConnection {
  const ca = readFileSync(join(pki, 'ca.crt'), 'utf8')
  let own = keptCertificate(pki, 'client', 0)!
  const credentials = { ...certificateCredentials({}), certificate: async () => own }
  const client = new Client({ transport: around(new HttpTransport({ server, ca, credentials })), clock })
  const certificate = async (use: 'client' | 'serving'): Promise<NodeCertificate> =>
    keptCertificate(pki, use, clock.now()) ?? requestCertificate(client, { dir: pki, use, nodeName, clock })
  return {
    client,
    async credentials() {
      own = await certificate('client')
      const { certificatePem, keyPem } = await certificate('serving')
      return { ca, certificate: certificatePem, key: keyPem }
    },
  }
}
