// Client certificates that the server itself hands out (node agents, `brume` on another machine).

import type { Pki } from './ensure.ts'
import { issueLeaf, type Leaf } from './leaf.ts'

export interface ClientCertificateRequest {
  /** Becomes the user name. */
  commonName: string
  /** Become the groups. */
  organizations: readonly string[]
  ttlSeconds: number
}

/** A new key and a certificate for it; nothing is kept. */
export function issueClientCertificate(pki: Pki, request: ClientCertificateRequest): Promise<Leaf> {
  return issueLeaf({
    ca: pki.ca,
    clock: pki.clock,
    subject: { commonName: request.commonName, organizations: [...request.organizations] },
    extKeyUsages: ['client auth'],
    lifetimeMs: request.ttlSeconds * 1000,
  })
}
