// `brume node token`: the command that makes another machine a node: with a token that ends after a while, and the hash by
// which that machine knows the cloud.

import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { formatTime } from '@brume/base/clock'
import { EXIT_OK, type ParsedCommand, UsageError } from '@brume/base/command-line'
import { CONFIG_MAPS, ENDPOINTS, SECRETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { CommandError, type Io } from '../../command.ts'
import { connect } from '../../connect.ts'
import { DEFAULT_TOKEN_HOURS } from './specs.ts'

const MAX_HOURS = 24 * 30

export async function run(parsed: ParsedCommand, io: Io): Promise<number> {
  const hours = Number(parsed.options['hours'] ?? DEFAULT_TOKEN_HOURS)
  if (!Number.isInteger(hours) || hours < 1 || hours > MAX_HOURS)
    throw new UsageError(`--hours is a whole number from 1 to ${MAX_HOURS}. See: ./brume node token --help`)
  const { client } = connect(parsed, io)
  try {
    const { server, caHash } = await whereabouts(client, parsed.options['host'])
    const token = await newToken(client, io.clock.now() + hours * 3600_000)
    io.err.write(`on the other machine, in a checkout of Brume, as root, within ${hours} h:\n`)
    io.out.write(`./brume join ${server} --token ${token} --ca-hash ${caHash}\n`)
    return EXIT_OK
  } finally {
    client.transport.close()
  }
}

/** Where other machines reach the API, and the hash of its CA. */
async function whereabouts(
  client: Client,
  host: string | undefined,
): Promise<{ server: string; caHash: string }> {
  const endpoints = await client
    .resource(ENDPOINTS)
    .get({ namespace: 'default', name: 'kubernetes' })
    .catch(() => undefined)
  const subset = endpoints?.['subsets']?.[0]
  const address: string | undefined = host ?? subset?.addresses?.[0]?.ip
  const port: number | undefined = subset?.ports?.[0]?.port
  if (address === undefined || port === undefined) {
    throw new CommandError(
      'the API listens on this machine alone; no other can reach it',
      './brume up --listen 0.0.0.0:6443',
    )
  }
  const ca = await client.resource(CONFIG_MAPS).get({ namespace: 'default', name: 'kube-root-ca.crt' })
  const spki = new X509Certificate(String(ca['data']?.['ca.crt'])).publicKey.export({
    type: 'spki',
    format: 'der',
  })
  const shown = address.includes(':') ? `[${address}]` : address
  return {
    server: `https://${shown}:${port}`,
    caHash: `sha256:${createHash('sha256').update(spki).digest('hex')}`,
  }
}

/** ID.SECRET, as Kubernetes' bootstrap tokens are: 6 and 16 letters and digits. */
async function newToken(client: Client, endsAtMs: number): Promise<string> {
  const [id, secret] = [letters(6), letters(16)]
  await client.resource(SECRETS).create({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'bootstrap.kubernetes.io/token',
    metadata: { namespace: 'kube-system', name: `bootstrap-token-${id}` },
    stringData: {
      'token-id': id,
      'token-secret': secret,
      expiration: formatTime(endsAtMs),
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      description: 'lets further machines join (brume node token)',
    },
  })
  return `${id}.${secret}`
}

/** Uniform: bytes beyond the largest multiple of 36 are left out. */
function letters(count: number): string {
  let text = ''
  while (text.length < count) {
    for (const byte of randomBytes(count * 2)) {
      if (byte < 252 && text.length < count) text += (byte % 36).toString(36)
    }
  }
  return text
}
