// What this server says it is: a Kubernetes 1.32 API, by Brume.

import { readFileSync } from 'node:fs'
import type { ApiResponse } from '@brume/apiserver/http/types'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

export const BRUME_VERSION = version

/** The API that clients may expect (https://kubernetes.io/releases/version-skew-policy). */
const KUBERNETES = { major: '1', minor: '32', patch: '3' }

export function versionResponse(): ApiResponse {
  const info = {
    major: KUBERNETES.major,
    minor: KUBERNETES.minor,
    gitVersion: `v${KUBERNETES.major}.${KUBERNETES.minor}.${KUBERNETES.patch}+brume-${BRUME_VERSION}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: `node ${process.versions.node}`,
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  }
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `${JSON.stringify(info, null, 2)}\n`,
  }
}
