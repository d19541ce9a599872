// What `brume up` is told of a CA, checked before anything starts.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AcmeSettings } from '@brume/gateway/acme/controller'
import { LETS_ENCRYPT } from '@brume/machine/commands/up'
import { UserError } from '../user-error.ts'

export interface AcmeFlags {
  email?: string | undefined
  directory?: string | undefined
  /** A file in PEM. */
  ca?: string | undefined
  /** A file with a key id and a key. */
  eab?: string | undefined
  all?: boolean | undefined
}

const USAGE = { exitCode: 2 }

/** undefined: nobody is asked. Throws UserError. */
export function acmeSettings(flags: AcmeFlags): AcmeSettings | undefined {
  const { email, directory = LETS_ENCRYPT, ca, eab, all = false } = flags
  if (email === undefined) {
    const others = [flags.directory, ca, eab].some((value) => value !== undefined) || all
    if (!others) return undefined
    throw new UserError(
      'the CA wants to know who asks: --acme-email is missing',
      './brume up --acme-email YOU@EXAMPLE.ORG',
      USAGE,
    )
  }
  if (!/^[^@\s,?]+@[^@\s,?]+\.[^@\s,?]+$/.test(email)) {
    throw new UserError(
      `--acme-email ${email} is no address`,
      './brume up --acme-email YOU@EXAMPLE.ORG',
      USAGE,
    )
  }
  if (!URL.canParse(directory) || new URL(directory).protocol !== 'https:') {
    throw new UserError(
      `--acme-directory ${directory} is no https:// address`,
      `leave it out for ${LETS_ENCRYPT}`,
      USAGE,
    )
  }
  return {
    email,
    directory,
    ca: ca === undefined ? undefined : certificatesIn(ca),
    externalAccount: eab === undefined ? undefined : customerIn(eab),
    all,
  }
}

function certificatesIn(path: string): string {
  const text = textOf('--acme-ca', path)
  try {
    new X509Certificate(text)
  } catch (cause) {
    throw new UserError(`--acme-ca ${path} holds no certificate in PEM`, 'name the file of the CA', {
      ...USAGE,
      cause,
    })
  }
  return text
}

function customerIn(path: string): { keyId: string; key: string } {
  const [keyId = '', key = '', ...more] = textOf('--acme-eab', path).trim().split(/\s+/)
  const isKey = /^[A-Za-z0-9_-]{16,}={0,2}$/.test(key)
  if (more.length === 0 && isKey) return { keyId, key }
  throw new UserError(
    `--acme-eab ${path} does not hold two words, a key id and a key in base64url`,
    'write both, as your CA gave them, into the file',
    USAGE,
  )
}

function textOf(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UserError(`${flag} ${path}: ${(cause as Error).message}`, 'name a file that can be read', {
      ...USAGE,
      cause,
    })
  }
}
