// What is remembered over restarts, in Secrets of kube-system: the account's key, and the attempt at each certificate.

import { createHash, generateKeyPairSync } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { SECRETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { Attempt } from './attempt.ts'

const NAMESPACE = 'kube-system'
/** Label: `account` or `order`. */
const RECORD = 'brume.dev/acme'
const OF = 'brume.dev/certificate-of'

/** A new private key on P-256, PEM. */
export function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

/** PEM of the key of the account at a CA; made and kept before anybody is told of it. */
export async function accountKeyAt(client: Client, directory: string): Promise<string> {
  const secrets = client.resource(SECRETS)
  const name = `acme-account-${shortHash(directory)}`
  try {
    return textIn(await secrets.get({ namespace: NAMESPACE, name }), 'key.pem')
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error
  }
  const key = newPrivateKey()
  const annotations = { 'brume.dev/certificate-issuer': directory }
  await secrets.create(secretOf({ name, record: 'account', annotations, data: { 'key.pem': key } }))
  return key
}

/** Written through: what is read was written. */
export class Attempts {
  readonly #client: Client
  readonly #known = new Map<string, Attempt>()

  constructor(client: Client) {
    this.#client = client
  }

  /** What earlier lives left; one that cannot be read is as none. */
  async load(): Promise<void> {
    const { items } = await this.#client
      .resource(SECRETS)
      .listAll({ namespace: NAMESPACE, labelSelector: `${RECORD}=order` })
    for (const secret of items) {
      const key = secret.metadata.annotations?.[OF]
      const attempt = attemptIn(textIn(secret, 'attempt.json'))
      if (key !== undefined && attempt !== undefined) this.#known.set(key, attempt)
    }
  }

  keys(): string[] {
    return [...this.#known.keys()]
  }

  get(key: string): Attempt | undefined {
    return this.#known.get(key)
  }

  async set(key: string, attempt: Attempt): Promise<void> {
    const secrets = this.#client.resource(SECRETS)
    const data = { 'attempt.json': JSON.stringify(attempt) }
    const secret = secretOf({ name: recordName(key), record: 'order', annotations: { [OF]: key }, data })
    try {
      await secrets.update(secret)
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
      await secrets.create(secret)
    }
    this.#known.set(key, attempt)
  }

  async remove(key: string): Promise<void> {
    if (!this.#known.has(key)) return
    try {
      await this.#client.resource(SECRETS).delete({ namespace: NAMESPACE, name: recordName(key) })
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
    this.#known.delete(key)
  }
}

function attemptIn(text: string): Attempt | undefined {
  try {
    const { hosts, order, failures, retryAt, message } = JSON.parse(text)
    const isWhole = Array.isArray(hosts) && Number.isFinite(failures) && Number.isFinite(retryAt)
    return isWhole ? { hosts, order, failures, retryAt, message } : undefined
  } catch {
    return undefined
  }
}

function secretOf(of: {
  name: string
  record: string
  annotations: Record<string, string>
  data: Record<string, string>
}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: of.name,
      namespace: NAMESPACE,
      labels: { [RECORD]: of.record },
      annotations: of.annotations,
    },
    type: 'brume.dev/acme',
    data: Object.fromEntries(
      Object.entries(of.data).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
    ),
  }
}

function textIn(secret: KubeObject, name: string): string {
  return Buffer.from(String(secret['data']?.[name] ?? ''), 'base64').toString()
}

function recordName(key: string): string {
  return `acme-order-${shortHash(key)}`
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
