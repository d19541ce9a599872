// The keys and certificates of one control plane, in one directory. What can be derived again (the server's and the
// admin's certificates) is renewed without asking; what cannot (the CA's key, the service accounts' signing key) is
// never replaced: its loss is an error that names the file and the way out.

import { type KeyObject, X509Certificate } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@brume/base/clock'
import {
  BACKDATE_MS,
  buildCertificate,
  type CertificateAuthority,
  certificateSubject,
} from './certificate.ts'
import { PkiError, readText, writeText } from './files.ts'
import { newEcKeyPair, newRsaKeyPair, parsePrivateKey, parsePublicKeys, publicPem } from './keys.ts'
import { ensureLeaf, type Leaf, serverAltNames } from './leaf.ts'
import type { SubjectName } from './name.ts'

const DAY_MS = 24 * 3600_000
const CA_LIFETIME_MS = 3650 * DAY_MS
const LEAF_LIFETIME_MS = 365 * DAY_MS
const CA_SUBJECT: SubjectName = { commonName: 'brume-ca', organizations: [] }
const ADMIN_SUBJECT: SubjectName = { commonName: 'brume-admin', organizations: ['system:masters'] }
/** As kubeadm names it. Nobody else gets the organization: certificate requests with it are refused. */
const NODE_CLIENT_SUBJECT: SubjectName = {
  commonName: 'kube-apiserver-kubelet-client',
  organizations: ['system:masters'],
}

export interface Pki {
  dir: string
  clock: Clock
  ca: CertificateAuthority
  server: Leaf
  admin: Leaf
  /** What the API server shows to the agents of nodes. */
  nodeClient: Leaf
  serviceAccount: {
    privateKey: KeyObject
    /** The signing key's own public key first; then others that sa.pub lists, whose tokens are still accepted. */
    publicKeys: KeyObject[]
  }
}

export interface PkiOptions {
  /** Names and addresses of this machine that clients use, beyond localhost and the Service's own. */
  hosts: readonly string[]
  clock: Clock
}

/**
 * Loads the directory, creating and renewing what is needed. Idempotent: call it again (daily) to renew the
 * server's certificate before it ends. Throws PkiError.
 */
export async function ensurePki(dir: string, { hosts, clock }: PkiOptions): Promise<Pki> {
  // A new signing key takes longer to find than all certificates to make.
  const [certificates, serviceAccount] = await Promise.all([
    ensureCertificates(dir, { hosts, clock }),
    ensureSigningKey(dir),
  ])
  return { dir, clock, ...certificates, serviceAccount }
}

async function ensureCertificates(
  dir: string,
  { hosts, clock }: PkiOptions,
): Promise<Pick<Pki, 'ca' | 'server' | 'admin' | 'nodeClient'>> {
  const ca = await ensureCa(dir, clock)
  const leaf = { ca, clock, lifetimeMs: LEAF_LIFETIME_MS }
  const [server, admin, nodeClient] = await Promise.all([
    ensureLeaf({
      ...leaf,
      path: join(dir, 'apiserver'),
      subject: { commonName: 'kube-apiserver', organizations: [] },
      extKeyUsages: ['server auth'],
      altNames: serverAltNames(hosts),
    }),
    ensureLeaf({
      ...leaf,
      path: join(dir, 'admin'),
      subject: ADMIN_SUBJECT,
      extKeyUsages: ['client auth'],
    }),
    ensureLeaf({
      ...leaf,
      path: join(dir, 'apiserver-kubelet-client'),
      subject: NODE_CLIENT_SUBJECT,
      extKeyUsages: ['client auth'],
    }),
  ])
  return { ca, server, admin, nodeClient }
}

async function ensureCa(dir: string, clock: Clock): Promise<CertificateAuthority> {
  const [certPath, keyPath] = [join(dir, 'ca.crt'), join(dir, 'ca.key')]
  const [certPem, keyPem] = await Promise.all([readText(certPath), readText(keyPath)])
  if (keyPem === undefined) {
    if (certPem !== undefined) {
      const wayOut = `restore it from a backup, or remove ${certPath} too to start with a new CA (every certificate and kubeconfig issued so far stops working)`
      throw new PkiError(keyPath, 'is missing', wayOut)
    }
    const pair = await newEcKeyPair()
    await writeText(keyPath, pair.privatePem, 0o600)
    return createCa(certPath, pair.privateKey, pair.publicKey, clock)
  }
  const pair = parsePrivateKey(keyPem)
  if (pair === undefined) {
    throw new PkiError(keyPath, 'holds no readable private key', 'restore it from a backup')
  }
  await chmod(keyPath, 0o600)
  // Made again from its key, the certificate verifies all that was issued before.
  if (certPem === undefined) return createCa(certPath, pair.privateKey, pair.publicKey, clock)
  return loadCa({ certPath, keyPath, certPem, privateKey: pair.privateKey, now: clock.now() })
}

async function createCa(
  path: string,
  privateKey: KeyObject,
  publicKey: KeyObject,
  clock: Clock,
): Promise<CertificateAuthority> {
  const certificatePem = buildCertificate({
    subject: CA_SUBJECT,
    issuer: { subject: CA_SUBJECT, key: privateKey },
    publicKey,
    isCa: true,
    keyUsages: ['digital signature', 'key encipherment', 'cert sign'],
    extKeyUsages: [],
    notBefore: clock.now() - BACKDATE_MS,
    notAfter: clock.now() + CA_LIFETIME_MS,
  })
  await writeText(path, certificatePem, 0o644)
  return { certificate: new X509Certificate(certificatePem), certificatePem, subject: CA_SUBJECT, privateKey }
}

interface LoadedCa {
  certPath: string
  keyPath: string
  certPem: string
  privateKey: KeyObject
  now: number
}

function loadCa({ certPath, keyPath, certPem, privateKey, now }: LoadedCa): CertificateAuthority {
  const certificate = parseCertificate(certPem)
  if (certificate === undefined) {
    const wayOut = `restore it from a backup, or remove it: it is made again from ${keyPath}`
    throw new PkiError(certPath, 'holds no readable certificate', wayOut)
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    const wayOut = `restore both from the same backup, or remove ${certPath}: it is made again from the key`
    throw new PkiError(certPath, `does not belong to ${keyPath}`, wayOut)
  }
  if (certificate.validToDate.getTime() <= now) {
    throw new PkiError(
      certPath,
      `expired on ${certificate.validToDate.toISOString()}`,
      `remove it: it is made again from ${keyPath}; then hand the new one to every client`,
    )
  }
  const subject = certificateSubject(certificate.raw)
  return { certificate, certificatePem: certPem, subject, privateKey }
}

async function ensureSigningKey(dir: string): Promise<Pki['serviceAccount']> {
  const [keyPath, pubPath] = [join(dir, 'sa.key'), join(dir, 'sa.pub')]
  const [keyText, pubText] = await Promise.all([readText(keyPath), readText(pubPath)])
  if (keyText === undefined && pubText !== undefined) {
    const wayOut = `restore it from a backup, or remove ${pubPath} too to start with a new key (tokens issued so far stop working; pods get new ones when they restart)`
    throw new PkiError(keyPath, 'is missing', wayOut)
  }
  const pair = keyText === undefined ? await newRsaKeyPair() : parsePrivateKey(keyText)
  if (pair === undefined) {
    throw new PkiError(keyPath, 'holds no readable private key', 'restore it from a backup')
  }
  if (keyText === undefined) await writeText(keyPath, pair.privatePem, 0o600)
  else await chmod(keyPath, 0o600)
  const own = publicPem(pair.publicKey)
  if (pubText === undefined) {
    await writeText(pubPath, own, 0o644)
    return { privateKey: pair.privateKey, publicKeys: [pair.publicKey] }
  }
  const listed = parsePublicKeys(pubText)
  if (listed === undefined) {
    const wayOut = `restore it from a backup, or remove it: it is made again from ${keyPath}`
    throw new PkiError(pubPath, 'holds no readable public key', wayOut)
  }
  const others = listed.filter((key) => publicPem(key) !== own)
  return { privateKey: pair.privateKey, publicKeys: [pair.publicKey, ...others] }
}

/** undefined when the text holds no readable certificate. */
export function parseCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text)
  } catch {
    return undefined
  }
}
