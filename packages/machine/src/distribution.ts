// Which Linux this is, and by what it installs programs (os-release(5)).

import { existsSync, readFileSync } from 'node:fs'

export type Installer = 'apt' | 'apk'

export interface Distribution {
  /** `Debian GNU/Linux 12 (bookworm)`; `unknown` without os-release. */
  name: string
  /** undefined: one that we cannot install for. */
  installer: Installer | undefined
}

const FILES = ['/etc/os-release', '/usr/lib/os-release']

export function readDistribution(): Distribution {
  const path = FILES.find((file) => existsSync(file))
  return parseDistribution(path === undefined ? '' : readFileSync(path, 'utf8'))
}

export function parseDistribution(text: string): Distribution {
  const fields = new Map<string, string>()
  for (const [, name, quoted, plain] of text.matchAll(/^(\w+)=(?:["']([^"']*)["']|(.*))$/gm))
    fields.set(name!, quoted ?? plain ?? '')
  const kinds = `${fields.get('ID') ?? ''} ${fields.get('ID_LIKE') ?? ''}`.split(' ')
  return {
    name: fields.get('PRETTY_NAME') ?? fields.get('NAME') ?? 'unknown',
    installer: installerOf(kinds),
  }
}

function installerOf(kinds: readonly string[]): Installer | undefined {
  if (kinds.includes('debian') || kinds.includes('ubuntu')) return 'apt'
  return kinds.includes('alpine') || kinds.includes('postmarketos') ? 'apk' : undefined
}
