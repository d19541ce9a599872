// Who else is on this machine: programs on our ports, other runtimes.

import type { MachineFacts } from '../facts.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

export interface WantedPort {
  port: number
  /** `the API`. */
  what: string
  /** `./brume up --listen ADDR:PORT`. */
  next: string
}

const KUBERNETES = ['kubelet', 'k3s-server', 'k3s-agent']

export function neighbourFindings(
  { busyPorts, otherRuntimes }: Pick<MachineFacts, 'busyPorts' | 'otherRuntimes'>,
  ports: readonly WantedPort[],
): Finding[] {
  const findings = ports
    .filter(({ port }) => port !== 0 && busyPorts.includes(port))
    .map(({ port, what, next }) =>
      problem('ports', `port ${port} for ${what} is in use by another program`, next),
    )
  const kubernetes = otherRuntimes.filter((name) => KUBERNETES.includes(name))
  const others = otherRuntimes.filter((name) => !KUBERNETES.includes(name))
  if (kubernetes.length > 0) {
    findings.push(
      warning(
        'neighbours',
        `${kubernetes.join(', ')} runs here too: both promise the whole machine to their pods`,
        'stop one of the two, or give each a machine',
      ),
    )
  }
  if (others.length > 0) {
    const verb = others.length === 1 ? 'runs' : 'run'
    findings.push(
      ok(
        'neighbours',
        `${others.join(', ')} ${verb} here too, and ${others.length === 1 ? 'is' : 'are'} left alone`,
      ),
    )
  }
  return findings
}
