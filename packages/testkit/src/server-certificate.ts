// A certificate that a test's own HTTPS server can show, and the CA of its own that vouches for it.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensurePki } from '@brume/apiserver/auth/pki/ensure'
import { systemClock } from '@brume/base/clock'

/** PEM. */
export async function testServerCertificate(): Promise<{ cert: string; key: string; ca: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'brume-certificate-'))
  try {
    const { server, ca } = await ensurePki(dir, { hosts: ['127.0.0.1'], clock: systemClock })
    return { cert: server.certificatePem, key: server.privateKeyPem, ca: ca.certificatePem }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
