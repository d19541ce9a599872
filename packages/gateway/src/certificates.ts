// Certificates for HTTPS: those of Ingresses' Secrets, checked before HAProxy sees them, and one of the cloud's own CA for
// all other names.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import type { Certificate } from './routes.ts'

export interface CertificateFiles {
  /** File name -> PEM. */
  files: Map<string, string>
  'crt-list': string
  problems: { namespace: string; secret: string; message: string }[]
}

/** `own`: certificate and key as one PEM, for names without one of their own. */
export function certificateFiles(
  wanted: readonly Certificate[],
  secretOf: (namespace: string, name: string) => KubeObject | undefined,
  { dir, own }: { dir: string; own: string },
): CertificateFiles {
  const files = new Map([['own.pem', own]])
  const lines = [`${dir}/certs/own.pem`]
  const problems: CertificateFiles['problems'] = []
  for (const { namespace, secret, hosts } of wanted) {
    const found = pemOf(secretOf(namespace, secret))
    if ('problem' in found) {
      problems.push({ namespace, secret, message: `Secret ${secret} ${found.problem}` })
      continue
    }
    const file = `${namespace}.${secret}.pem`
    files.set(file, found.pem)
    lines.push(`${dir}/certs/${file}${hosts.length === 0 ? '' : ` ${hosts.join(' ')}`}`)
  }
  return { files, 'crt-list': `${[...new Set(lines)].join('\n')}\n`, problems }
}

function pemOf(secret: KubeObject | undefined): { pem: string } | { problem: string } {
  if (secret === undefined)
    return { problem: 'does not exist; until then the cloud shows its own certificate' }
  const [certificate, key] = ['tls.crt', 'tls.key'].map((name) =>
    Buffer.from(String(secret['data']?.[name] ?? ''), 'base64').toString(),
  )
  try {
    const first = new X509Certificate(certificate!)
    if (!first.checkPrivateKey(createPrivateKey(key!)))
      return { problem: "has a key that is not its certificate's" }
    return { pem: `${certificate!.trim()}\n${key!.trim()}\n` }
  } catch (error) {
    return { problem: `holds no usable certificate and key: ${(error as Error).message}` }
  }
}
