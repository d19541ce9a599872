// Does the kernel do what the installed programs will ask of it? Tried in a network namespace that is gone afterwards:
// modules may have to be loaded, so looking is not enough.

import { RunError, run } from '../run.ts'
import { type Finding, ok, problem } from './finding.ts'

interface Trial {
  what: string
  argv: readonly string[]
  input?: string
}

const NAME = 'kernel features'

const TRIALS: readonly Trial[] = [
  { what: 'bridges', argv: ['ip', 'link', 'add', 'brume-try', 'type', 'bridge'] },
  { what: 'veth pairs', argv: ['ip', 'link', 'add', 'brume-a', 'type', 'veth', 'peer', 'name', 'brume-b'] },
  {
    what: 'nftables with NAT',
    argv: ['nft', '-f', '-'],
    input: `table ip brume-try {
  chain out { type nat hook postrouting priority 100; ip saddr 10.0.0.0/8 masquerade fully-random; }
  chain in { type nat hook prerouting priority -100; fib daddr type local tcp dport 1 dnat ip to 10.0.0.1:1; }
}
`,
  },
]

/** Needs root, iproute2 and nftables. */
export async function checkPrograms(): Promise<Finding[]> {
  const findings = (await Promise.all(TRIALS.map(attempt))).filter((finding) => finding !== undefined)
  return findings.length > 0 ? findings : [ok(NAME, `${TRIALS.map(({ what }) => what).join(', ')}`)]
}

async function attempt({ what, argv, input }: Trial): Promise<Finding | undefined> {
  try {
    await run(['unshare', '--net', ...argv], input === undefined ? {} : { input })
    return undefined
  } catch (error) {
    if (!(error instanceof RunError)) throw error
    const why = error.stderr.trim().split('\n')[0] || error.message
    return problem(
      NAME,
      `${what} cannot be made (${why})`,
      'use a kernel of the distribution with its modules, and restart after a kernel upgrade',
    )
  }
}
