// Certificate requests for tests.

import { buildCertificateRequest } from '../pki/build-request.ts'
import { newEcKeyPair } from '../pki/keys.ts'
import type { SubjectName } from '../pki/name.ts'

/** PEM of a request signed by a new key; `altNames` are GeneralNames in DER. */
export async function certificateRequest(subject: SubjectName, altNames: Buffer[] = []): Promise<string> {
  return buildCertificateRequest(await newEcKeyPair(), subject, altNames)
}
