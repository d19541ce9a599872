// What stands against a start, in words for the person who started it.

import { AuditLogError } from '@brume/apiserver/audit/log/log'
import { PkiError } from '@brume/apiserver/auth/pki/files'
import { StoreError } from '@brume/store/contract'
import { dataDirAt, keyFileNext } from '../data-dir.ts'
import { UserError } from '../user-error.ts'

interface Started {
  listen: string
  dataDir: string
}

/** A UserError for what a person can mend; anything else as it is. */
export function explain(error: unknown, options: Started): unknown {
  if (error instanceof StoreError)
    return new UserError(error.message, nextOf(error, options), { cause: error })
  if (error instanceof AuditLogError) {
    const next = 'mend the cause, or let nothing be recorded: ./brume up --no-audit'
    return new UserError(error.message, next, { cause: error })
  }
  if (error instanceof PkiError)
    return new UserError(error.message, 'see the message above', { cause: error })
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE') {
    return new UserError(
      `${options.listen} is in use by another program`,
      './brume up --listen 127.0.0.1:0   (any free port)',
      { cause: error },
    )
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new UserError(
      `cannot listen on ${options.listen}: ${code}`,
      './brume up --listen 127.0.0.1:6443',
      { cause: error },
    )
  }
  return error
}

function nextOf(error: StoreError, { dataDir }: Started): string {
  switch (error.code) {
    case 'locked':
      return `./brume down --data-dir ${dataDir}   (or use another --data-dir)`
    case 'encryption-key':
      return keyFileNext(dataDirAt(dataDir))
    case 'corrupt':
      return `./brume restore BACKUP --data-dir ${dataDir}`
    case 'schema-version':
      return 'use the newer Brume that wrote it, or restore a backup of this version'
    default:
      return 'mend the cause (disk space, permissions), then run this again'
  }
}
