// Certificate requests for tests.

import { sign } from 'node:crypto'
import { pem } from '../pki/certificate.ts'
import { bitString, context, element, octetString, oid, sequence, set } from '../pki/der.ts'
import { newEcKeyPair } from '../pki/keys.ts'
import { encodeName, type SubjectName } from '../pki/name.ts'

/** PEM of a request signed by a new key; `altNames` are GeneralNames in DER. */
export async function certificateRequest(subject: SubjectName, altNames: Buffer[] = []): Promise<string> {
  const { privateKey, publicKey } = await newEcKeyPair()
  const extensions = sequence(sequence(oid('2.5.29.17'), octetString(sequence(...altNames))))
  const attribute = sequence(oid('1.2.840.113549.1.9.14'), set(extensions))
  const info = sequence(
    element(0x02, Buffer.from([0])),
    encodeName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    context(0, true, ...(altNames.length === 0 ? [] : [attribute])),
  )
  const signature = sign('sha256', info, privateKey)
  return pem(
    'CERTIFICATE REQUEST',
    sequence(info, sequence(oid('1.2.840.10045.4.3.2')), bitString(signature)),
  )
}
