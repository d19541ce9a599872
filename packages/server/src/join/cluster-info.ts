// The first question of a machine that joins: whose cloud is this? Asked without trust, and believed because the answer's
// CA has the hash that the machine was told. Source: Kubernetes' documentation, "kubeadm join", token-based discovery.

import { createHash, X509Certificate } from 'node:crypto'
import { CONFIG_MAPS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import { certificateCredentials } from '@brume/client/credentials'
import { HttpTransport } from '@brume/client/http-transport'
import { parseKubeconfig } from '@brume/client/kubeconfig-file'
import { UserError } from '../user-error.ts'

const PREFIX = 'sha256:'
const NEXT = 'on the first machine, ask for the command again: ./brume node token'

/** PEM of the cloud's CA. Throws UserError. */
export async function trustedCa(server: string, caHash: string): Promise<string> {
  const transport = new HttpTransport({
    server,
    insecureSkipTlsVerify: true,
    credentials: certificateCredentials({}),
  })
  try {
    const client = new Client({ transport })
    const info = await client.resource(CONFIG_MAPS).get({ namespace: 'kube-public', name: 'cluster-info' })
    const { clusters } = parseKubeconfig(String(info['data']?.kubeconfig ?? ''), `${server} (cluster-info)`)
    const encoded = clusters?.[0]?.cluster?.['certificate-authority-data']
    const caPem = Buffer.from(String(encoded ?? ''), 'base64').toString()
    if (hashOfCa(caPem) !== caHash) {
      throw new UserError(
        `the cloud at ${server} is not the one that the token is of: its CA has another hash`,
        NEXT,
      )
    }
    return caPem
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError(`${server} could not be asked: ${(cause as Error).message}`, NEXT, { cause })
  } finally {
    transport.close()
  }
}

/** As kubeadm's discovery-token-ca-cert-hash. */
export function hashOfCa(caPem: string): string {
  const spki = new X509Certificate(caPem).publicKey.export({ type: 'spki', format: 'der' })
  return `${PREFIX}${createHash('sha256').update(spki).digest('hex')}`
}
