// From what was observed to findings. Pure.

import { type Finding, ok, problem, warning } from '@brume/machine/checks/finding'
import { checkMachine } from '@brume/machine/checks/machine'
import type { ObservedCloud } from '../status/observe.ts'
import { findProblems } from '../status/problems.ts'
import type { ObservedHost } from './observe.ts'

const DAY_MS = 24 * 3600_000
/** Certificates are renewed long before: one that is so near its end was not. */
const SOON_MS = 7 * DAY_MS
const API_PORT = 6443

export function hostFindings(host: ObservedHost, now: number): Finding[] {
  return [
    ...machineFindings(host),
    ...programFindings(host),
    ...host.trials,
    ...host.firewall.map(firewallFinding),
    ...cloudFindings(host),
    ...runtimeFindings(host),
    ...certificateFindings(host, now),
  ]
}

/** A pod that cannot start is its owner's matter, and a warning here; what holds up the cloud is a problem. */
export function apiFindings(cloud: ObservedCloud, now: number): Finding[] {
  const own = findProblems({ ...cloud, pods: [], claims: [] }, now)
  const guests = findProblems(
    { ...cloud, checks: [], nodes: [], namespaces: [], definitions: [], classes: [] },
    now,
  )
  const findings = [
    ...own.map(({ what, next }) => problem('cloud', what, next)),
    ...guests.map(({ what, next }) => warning('workloads', what, next)),
  ]
  if (own.length > 0) return findings
  const { nodes, pods } = cloud
  const counts = `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}, ${pods.length} ${pods.length === 1 ? 'pod' : 'pods'}`
  return [ok('cloud', `the API is ready: ${counts}`), ...findings]
}

/** `metrics`: what the server says of itself, as Prometheus reads it. Without an audit log there is nothing to say. */
export function auditFindings(metrics: string, dataDir: string): Finding[] {
  const lost = /^apiserver_audit_error_total\{plugin="log"\} (\d+)$/m.exec(metrics)?.[1]
  if (lost === undefined) return []
  if (lost === '0') return [ok('audit log', 'is written')]
  const next = `df -h ${dataDir}   (and ./brume logs --data-dir ${dataDir})`
  return [problem('audit log', `${lost} events were lost since the start: the disk took nothing`, next)]
}

/** Without root, what needs root cannot be seen: that is said once. */
function machineFindings({ facts, runs }: ObservedHost): Finding[] {
  const next = './brume up --listen 0.0.0.0:7443   (a free port)'
  const ports = runs ? [] : [{ port: API_PORT, what: 'the API', next }]
  const findings = checkMachine({ facts, ports })
  if (facts.root) return findings
  return [
    warning('rights', 'without root, a part of the machine cannot be looked at', 'sudo ./brume doctor'),
    ...findings.filter(({ check }) => check !== 'rights' && check !== 'control groups'),
  ]
}

function programFindings({ missing }: ObservedHost): Finding[] {
  const { names, install } = missing
  if (names.length === 0) return [ok('programs', 'all that containers need is installed')]
  const next = install ?? "install them with the distribution's package manager"
  return [
    problem('programs', `not installed: ${names.join(', ')}`, `./brume up   (installs them), or: ${next}`),
  ]
}

function firewallFinding(sentence: string): Finding {
  const [what = '', ...rest] = sentence.split(': ')
  return problem('firewall', what, rest.join(': '))
}

function cloudFindings({ used, runs, joined, dataDir }: ObservedHost): Finding[] {
  if (joined !== undefined) {
    if (runs) return [ok('cloud', `this machine is a node of ${joined}`)]
    const next = `./brume join --data-dir ${dataDir}`
    return [problem('cloud', `the agent of this node of ${joined} does not run`, next)]
  }
  if (runs) return []
  const next = `./brume up --data-dir ${dataDir}`
  if (used) return [problem('cloud', `the cloud in ${dataDir} does not run`, next)]
  return [warning('cloud', `there is no cloud in ${dataDir}`, next)]
}

function runtimeFindings({ containerd, runs, dataDir }: ObservedHost): Finding[] {
  if (containerd === undefined) return []
  if (containerd.runs) return [ok('containerd', 'runs')]
  const log = `./brume logs containerd --data-dir ${dataDir}`
  // Without Brume nobody starts it, and without containers nobody misses it.
  return runs ? [problem('containerd', 'does not run, though Brume starts it again', log)] : []
}

function certificateFindings(
  { certificates, joined }: Pick<ObservedHost, 'certificates' | 'joined'>,
  now: number,
): Finding[] {
  const anew =
    joined === undefined ? './brume up   (makes a new one)' : './brume node token   (on the first machine)'
  const findings: Finding[] = []
  for (const { path, endsMs } of certificates) {
    if (endsMs === undefined) {
      findings.push(problem('certificates', `${path} cannot be read as a certificate`, `ls -l ${path}`))
    } else if (endsMs <= now) {
      findings.push(problem('certificates', `${path} is past its end (${day(endsMs)})`, anew))
    } else if (endsMs - now < SOON_MS) {
      findings.push(
        warning('certificates', `${path} ends on ${day(endsMs)}, and was not renewed`, './brume logs'),
      )
    }
  }
  if (findings.length > 0 || certificates.length === 0) return findings
  const first = Math.min(...certificates.map(({ endsMs }) => endsMs!))
  return [ok('certificates', `${certificates.length} are valid, the first until ${day(first)}`)]
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
