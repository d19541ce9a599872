// Certificates that vouch for themselves, made by openssl: what people have in a Secret before they have a CA.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SelfSigned {
  /** PEM. */
  certificate: string
  key: string
}

export const EC_P256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] as const

/** Good for two days. `kind` is what openssl req -newkey takes, `rsa:1024` say; `dnsNames` are its alternative names. */
export function selfSigned({
  commonName,
  dnsNames = [],
  kind = EC_P256,
}: {
  commonName: string
  dnsNames?: readonly string[]
  kind?: readonly string[]
}): SelfSigned {
  const dir = mkdtempSync(join(tmpdir(), 'brume-self-signed-'))
  try {
    const [key, certificate] = ['key.pem', 'crt.pem'].map((name) => join(dir, name)) as [string, string]
    const names = dnsNames.map((name) => `DNS:${name}`).join()
    const argv = [
      ...['req', '-x509', '-nodes', '-days', '2', '-subj', `/CN=${commonName}`],
      ...(names === '' ? [] : ['-addext', `subjectAltName=${names}`]),
      ...['-keyout', key, '-out', certificate, '-newkey', ...kind],
    ]
    execFileSync('openssl', argv, { stdio: 'ignore' })
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
