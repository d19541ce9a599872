// Certificates for HTTPS: those of Ingresses' Secrets, checked before HAProxy sees them, and one of the cloud's own CA for
// all other names.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { KubeObject } from '@brume/api/object'
import type { Certificate } from './model.ts'
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
  { dir, own }: { dir: string; own: string },
): CertificateFiles {
  const files = new Map([['certs/own.pem', own]])
  const lines = [`${dir}/certs/own.pem`]
  const problems: CertificateFiles['problems'] = []
  for (const { namespace, secret, hosts } of wanted) {
    const found = pemOf(secretOf(namespace, secret))
    if ('problem' in found) {
      problems.push({ namespace, secret, message: `Secret ${secret} ${found.problem}` })
      continue
    }
    const file = `certs/${namespace}.${secret}.pem`
    files.set(file, found.pem)
    const names = hosts.filter((host) => NAME.test(host))
    lines.push([`${dir}/${file}`, ...names].join(' '))
  }
  files.set('crt-list', `${[...new Set(lines)].join('\n')}\n`)
  return { files, problems }
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
