// Whether images can be built here: their packages come from the distribution's own sources.

import { findExecutable } from '@brume/machine/executables'
import { run } from '@brume/machine/run'

const ANSWER_LIMIT_MS = 10_000

/** The reason for which no packages can be had; undefined when they can. For `{ skip }` of node:test. */
export async function whyNoPackages(): Promise<string | undefined> {
  if (findExecutable('apt-get') === undefined) return 'apt is not installed'
  const { stdout } = await run(['apt-get', 'indextargets', '--format', '$(SITE)'])
  const sites = [...new Set(stdout.split('\n'))].filter((site) => site.startsWith('http'))
  for (const site of sites) {
    const answer = await fetch(site, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }).catch(() => undefined)
    if (answer !== undefined) return undefined
  }
  return sites.length === 0 ? 'apt has no sources' : 'the sources of apt cannot be reached'
}
