// Whose certificates servers behind have to show: each CA is a file of its own, named by what is in it, so that another CA
// is another line of the configuration. Pure.

import { createHash } from 'node:crypto'
import type { Model, Target } from '../model.ts'

/** Those that the machine itself trusts. */
const SYSTEM = '@system-ca'

/** Names below the edge's directory -> text. */
export function authorityFiles({ routes, streams }: Pick<Model, 'routes' | 'streams'>): Map<string, string> {
  const files = new Map<string, string>()
  const targets = [...routes.map(({ rule }) => rule), ...streams].flatMap((one) => one.targets)
  for (const { tls } of targets)
    if (tls !== undefined && tls.authority !== 'system') files.set(fileOf(tls.authority), tls.authority)
  return files
}

/** What a server's line says of it. */
export function authorityOf({ tls }: Target, dir: string): string {
  return tls === undefined || tls.authority === 'system' ? SYSTEM : `${dir}/${fileOf(tls.authority)}`
}

function fileOf(pem: string): string {
  return `certs/${createHash('sha256').update(pem).digest('hex').slice(0, 32)}.ca`
}
