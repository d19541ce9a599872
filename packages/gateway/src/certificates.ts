// Certificates for HTTPS: those of Ingresses' Secrets, checked before HAProxy sees them, and one of the cloud's own CA for
// all other names.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { KubeObject } from '@brume/api/object'
import { type Claimant, firstClaims } from './claims.ts'
import type { Certificate, Claim } from './model.ts'
import { shownNames } from './shown-names.ts'
import type { CertificateProblem } from './source.ts'

/** Others are in no certificate, and could be more than a word of the list. */
const NAME = /^(\*\.)?[a-z0-9][a-z0-9.-]*$/
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

export interface CertificateFiles {
  /** Below the edge's directory: `certs/NAME.pem`, and `crt-list`, which names them. */
  files: Map<string, string>
  problems: CertificateProblem[]
}

/** `own`: certificate and key as one PEM, for names without one of their own. */
export function certificateFiles(
  wanted: readonly Certificate[],
  secretOf: (namespace: string, name: string) => KubeObject | undefined,
  { dir, own, claims }: { dir: string; own: string; claims: readonly Claim[] },
): CertificateFiles {
  const files = new Map([['certs/own.pem', own]])
  const lines = [`${dir}/certs/own.pem`]
  const problems: CertificateFiles['problems'] = []
  const good: { file: string; one: Certificate; names: string[]; claimant: Claimant | undefined }[] = []
  for (const one of wanted) {
    const { namespace, secret, hosts, by } = one
    const found = pemOf(secretOf(namespace, secret))
    if ('problem' in found) {
      problems.push({ namespace, secret, message: `Secret ${secret} ${found.problem}` })
      continue
    }
    const file = `certs/${namespace}.${secret}.pem`
    files.set(file, found.pem)
    const names = (hosts.length > 0 ? hosts : namesIn(found.pem)).filter((host) => NAME.test(host))
    const claimant = by && { namespace: by.object.metadata.namespace ?? '', order: by.order }
    good.push({ file, one, names, claimant })
  }
  const { names, kept, taken } = shownNames(good, firstClaims(claims))
  for (const [i, { file, one }] of good.entries()) {
    // Without names it would be shown for all that are in it.
    if (names[i]!.length > 0) lines.push([`${dir}/${file}`, ...names[i]!].join(' '))
    for (const [host, owner] of taken[i]!)
      problems.push({
        namespace: one.namespace,
        secret: one.secret,
        ...(one.by === undefined ? {} : { object: one.by.object }),
        message: `Secret ${one.secret} is not shown for ${host}: namespace ${owner} had that host first; name another host`,
      })
  }
  for (const [host, i] of kept)
    lines.push(`${dir}/${i === undefined ? 'certs/own.pem' : good[i]!.file} ${host}`)
  files.set('crt-list', `${[...new Set(lines)].join('\n')}\n`)
  return { files, problems }
}

/** Names that a client could ask for: those of the first certificate. */
function namesIn(pem: string): string[] {
  const { subjectAltName = '', subject } = new X509Certificate(pem)
  const others = subjectAltName.split(', ').filter((name) => name.startsWith('DNS:'))
  const own = [...(subject ?? '').matchAll(/^CN=(.*)$/gm)].map(([, name]) => name!)
  return [
    ...new Set(
      [...others.map((name) => name.slice('DNS:'.length)), ...own].map((name) => name.toLowerCase()),
    ),
  ]
}

/** What is wrong with a Secret as a certificate; undefined: nothing. */
export function certificateProblem(secret: KubeObject | undefined): string | undefined {
  if (secret === undefined) return 'does not exist, or is not of type kubernetes.io/tls; create it'
  const found = pemOf(secret)
  return 'problem' in found ? found.problem : undefined
}

/** Of Secrets that are as they were: to judge one takes a millisecond, and there may be a thousand. */
const judged = new WeakMap<KubeObject, Judgement>()

type Judgement = { pem: string } | { problem: string }

function pemOf(secret: KubeObject | undefined): Judgement {
  if (secret === undefined)
    return { problem: 'does not exist; until then the cloud shows its own certificate' }
  const known = judged.get(secret) ?? judge(secret)
  judged.set(secret, known)
  return known
}

function judge(secret: KubeObject): Judgement {
  const [chain, key] = ['tls.crt', 'tls.key'].map((name) =>
    Buffer.from(String(secret['data']?.[name] ?? ''), 'base64').toString(),
  )
  try {
    const certificates = (chain!.match(CERTIFICATE) ?? [chain!]).map((text) => new X509Certificate(text))
    const privateKey = createPrivateKey(key!)
    if (!certificates[0]!.checkPrivateKey(privateKey))
      return { problem: "has a key that is not its certificate's" }
    // Written anew: what else is in the Secret is not for HAProxy, which would refuse its whole configuration for it.
    const pem = [
      ...certificates.map((certificate) => certificate.toString().trim()),
      String(privateKey.export({ type: 'pkcs8', format: 'pem' })).trim(),
      '',
    ].join('\n')
    // OpenSSL's own judgement, as HAProxy will ask for it: keys that are too short, for one.
    createSecureContext({ cert: pem, key: pem })
    return { pem }
  } catch (error) {
    return { problem: `holds no usable certificate and key: ${(error as Error).message}` }
  }
}
