// A node's agent as the API server sees it: the user system:node:NAME, with the rules that hold for it.

import { issueClientCertificate } from '@brume/apiserver/auth/pki/client-certificate'
import { certificateCredentials } from '@brume/client/credentials'
import { HttpTransport } from '@brume/client/http-transport'
import type { TestControlPlane } from './control-plane.ts'

/** HTTPS to the control plane; the caller closes it. */
export async function nodeTransport({ plane }: TestControlPlane, nodeName: string): Promise<HttpTransport> {
  const { pki, url } = plane
  const { certificatePem, privateKeyPem } = await issueClientCertificate(pki, {
    commonName: `system:node:${nodeName}`,
    organizations: ['system:nodes'],
    ttlSeconds: 3600,
  })
  return new HttpTransport({
    server: url,
    ca: pki.ca.certificatePem,
    credentials: certificateCredentials({ certificatePem, keyPem: privateKeyPem }),
  })
}
