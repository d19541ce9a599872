// The Secret that a certificate of a CA is kept in: whose it is, whether what is in it is good for what is wanted, and
// what is written into it. Pure.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import { keyOf } from '@brume/client/resource-ref'
import { certificateId } from './protocol/certificate-id.ts'
import { AcmeError } from './protocol/error.ts'
import type { Advice } from './protocol/renewal-info.ts'
import { CERTIFICATE, type Want } from './wants.ts'

/** Annotations of the Secret: who asked for it, and the directory of the CA that gave it. */
export const CERTIFICATE_OF = 'brume.dev/certificate-of'
export const CERTIFICATE_ISSUER = 'brume.dev/certificate-issuer'
const CHAIN = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
/** A certificate is renewed when this part of its life has passed. */
const RENEW_AT = 2 / 3
const EARLIEST = 1 / 10
const EARLIEST_MS = 6 * 3600_000
const LATEST = 9 / 10

export type SecretState =
  | { type: 'absent' }
  /** Somebody else's: never written to. */
  | { type: 'foreign' }
  | { type: 'own'; certificate: IssuedCertificate | undefined }

export interface IssuedCertificate {
  names: readonly string[]
  /** URL of the directory. */
  issuer: string
  /** Milliseconds since the epoch. */
  notAfter: number
  renewAt: number
  /** Whatever the CA advises, it is renewed between these: one that is mistaken is not asked all the time, nor too late. */
  earliestAt: number
  latestAt: number
  /** By which the CA knows it; undefined: by nothing. */
  id: string | undefined
}

/** `certificate` is left out where none is in it, or its key is another's. */
export function secretState(secret: KubeObject | undefined): SecretState {
  if (secret === undefined) return { type: 'absent' }
  if (secret.metadata.labels?.[CERTIFICATE] !== 'acme') return { type: 'foreign' }
  const [chain, key] = ['tls.crt', 'tls.key'].map((name) =>
    Buffer.from(String(secret['data']?.[name] ?? ''), 'base64').toString(),
  )
  const issuer = secret.metadata.annotations?.[CERTIFICATE_ISSUER] ?? ''
  return { type: 'own', certificate: certificateIn(chain!, key!, issuer) }
}

/** The Secret as it is to be; what others wrote beside ours on one that is there stays. */
export function secretWith(
  want: Want,
  { chain, key, issuer }: { chain: string; key: string; issuer: string },
  known: KubeObject | undefined,
): KubeObject {
  const owners = want.owners.map(({ owner }) => `${owner.kind}/${owner.metadata.name}`).join(', ')
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...known?.metadata,
      name: want.secret,
      namespace: want.namespace,
      labels: { ...known?.metadata.labels, [CERTIFICATE]: 'acme' },
      annotations: {
        ...known?.metadata.annotations,
        [CERTIFICATE_OF]: owners,
        [CERTIFICATE_ISSUER]: issuer,
      },
    },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(chain), 'tls.key': base64(key) },
  }
}

/** The chain of a CA's answer, of which nothing else is kept. Throws AcmeError when it is not what was ordered. */
export function checkedChain(text: string, key: string, hosts: readonly string[]): string {
  const chain = (text.match(CHAIN) ?? []).join('\n')
  const found = certificateIn(chain, key, '')
  if (found === undefined) {
    throw new AcmeError('malformed', 'the CA gave a certificate that is not for the key it was asked for')
  }
  const missing = hosts.filter((host) => !found.names.includes(host))
  if (missing.length > 0) {
    throw new AcmeError('malformed', `the CA gave a certificate without ${missing.join(', ')}`)
  }
  return `${chain}\n`
}

/** Why a new one is due; undefined: it is good, and for all hosts. */
export function whyDue(
  { hosts }: Want,
  found: IssuedCertificate | undefined,
  { issuer, now, advice }: { issuer: string; now: number; advice: Advice | undefined },
): string | undefined {
  if (found === undefined) return 'there is none yet'
  const missing = hosts.filter((host) => !found.names.includes(host))
  if (missing.length > 0) return `the one that is there is not for ${missing.join(', ')}`
  if (found.issuer !== issuer) return 'the one that is there is of another CA than is set now'
  if (now < renewalOf(found, advice)) return undefined
  return isFollowed(found, advice) ? 'the CA advises it' : 'two thirds of its life have passed'
}

/** When the next one is ordered, in milliseconds since the epoch. */
export function renewalOf(found: IssuedCertificate, advice: Advice | undefined): number {
  if (!isFollowed(found, advice)) return found.renewAt
  return Math.min(Math.max(advice!.renewAt!, found.earliestAt), found.latestAt)
}

function isFollowed({ id }: IssuedCertificate, advice: Advice | undefined): boolean {
  return advice?.renewAt !== undefined && advice.id === id
}

function certificateIn(chain: string, key: string, issuer: string): IssuedCertificate | undefined {
  try {
    // The first of a chain is the one that is shown.
    const leaf = new X509Certificate(chain)
    if (!leaf.checkPrivateKey(createPrivateKey(key))) return undefined
    const notAfter = leaf.validToDate.getTime()
    const notBefore = leaf.validFromDate.getTime()
    const names = (leaf.subjectAltName ?? '')
      .split(', ')
      .flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4).toLowerCase()] : []))
    const at = (part: number) => notBefore + (notAfter - notBefore) * part
    return {
      names,
      issuer,
      notAfter,
      renewAt: at(RENEW_AT),
      earliestAt: Math.min(at(EARLIEST), notBefore + EARLIEST_MS),
      latestAt: at(LATEST),
      id: certificateId(leaf),
    }
  } catch {
    // Neither is what its name says: as good as none.
    return undefined
  }
}

/** What an owner is, for people. */
export function nameOf(owner: KubeObject): string {
  return `${owner.kind} ${keyOf(owner)}`
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
