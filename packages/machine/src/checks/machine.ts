// Can containers run here at all? Asked before anything is touched. Pure.

import type { MachineFacts } from '../facts.ts'
import { cgroupFindings } from './cgroups.ts'
import { diskFindings } from './disk.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import { neighbourFindings, type WantedPort } from './neighbours.ts'

export interface MachineQuestion {
  facts: MachineFacts
  /** As the person named it. The machine's own name is made to fit. */
  nodeName?: string | undefined
  /** Ports that the cloud is going to listen on. */
  ports: readonly WantedPort[]
}

const ARCHITECTURES = ['x64', 'arm64']
/** The oldest kernel that distributions of today still have; overlay, cgroup v2 and nftables are usable in it. */
const OLDEST_KERNEL = [4, 19] as const
const NAMESPACES = ['ipc', 'mnt', 'net', 'pid', 'uts']
const SMALL_MEMORY_BYTES = 768 * 1024 * 1024
const FEW_FILES = 4096
const FEW_WATCHES = 128
/** Certificates are only good from when they were made: a clock before this code was written makes none. */
const EARLIEST_NOW = Date.UTC(2025, 0, 1)
const MIB = 1024 * 1024

export function checkMachine({ facts, nodeName, ports }: MachineQuestion): Finding[] {
  return [
    ...rightsFindings(facts),
    ...kernelFindings(facts),
    ...cgroupFindings(facts.cgroups),
    ...diskFindings(facts.disk),
    ...neighbourFindings(facts, ports),
    ...nameFindings(nodeName),
    ...limitFindings(facts),
  ]
}

function rightsFindings({ root, capabilities, sysctlsWritable }: MachineFacts): Finding[] {
  const alone = './brume up --no-node   (the control plane alone needs no root)'
  if (!root) return [problem('rights', 'containers need root', `sudo ./brume up, or ${alone}`)]
  const missing = (['CAP_SYS_ADMIN', 'CAP_NET_ADMIN'] as const).filter((name) => !capabilities[name])
  if (missing.length > 0 || !sysctlsWritable) {
    const why = missing.length > 0 ? `without ${missing.join(' and ')}` : 'with /proc/sys read-only'
    return [
      problem(
        'rights',
        `this is a container ${why}: it cannot hold containers of its own`,
        `start it with all rights (docker run --privileged), use a virtual machine, or ${alone}`,
      ),
    ]
  }
  return [ok('rights', 'root with the capabilities that containers need')]
}

function kernelFindings({ kernel, architecture, namespaces, seccomp, nowMs }: MachineFacts): Finding[] {
  const findings: Finding[] = []
  const [major = 0, minor = 0] = kernel.split('.').map(Number)
  if (!ARCHITECTURES.includes(architecture)) {
    findings.push(problem('kernel', `${architecture} is neither x86-64 nor arm64`, 'use another machine'))
  }
  if (major < OLDEST_KERNEL[0] || (major === OLDEST_KERNEL[0] && minor < OLDEST_KERNEL[1])) {
    const oldest = OLDEST_KERNEL.join('.')
    findings.push(problem('kernel', `Linux ${kernel} is older than ${oldest}`, 'upgrade the distribution'))
  }
  const missing = NAMESPACES.filter((name) => !namespaces.includes(name))
  if (missing.length > 0) {
    findings.push(
      problem(
        'kernel',
        `the kernel has no ${missing.join(', ')} namespaces`,
        'use a kernel of the distribution',
      ),
    )
  }
  if (nowMs < EARLIEST_NOW) {
    const date = new Date(nowMs).toISOString().slice(0, 10)
    findings.push(
      problem(
        'clock',
        `the clock says ${date}: certificates would not be valid`,
        'set it: date -s 2026-01-31T12:00',
      ),
    )
  }
  if (!seccomp) {
    findings.push(
      warning(
        'kernel',
        'no seccomp: containers may make every system call',
        'use a kernel of the distribution',
      ),
    )
  }
  return findings.length > 0 ? findings : [ok('kernel', `Linux ${kernel} on ${architecture}`)]
}

/** RFC 1123, as the API checks it. */
function nameFindings(name: string | undefined): Finding[] {
  if (name === undefined || /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return []
  return [
    problem(
      'name',
      `"${name}" is no name for a node: it takes small letters, digits, "-" and "."`,
      './brume up --node-name NAME',
    ),
  ]
}

function limitFindings({ memoryBytes, maxOpenFiles, inotifyInstances }: MachineFacts): Finding[] {
  const findings: Finding[] = []
  const mib = Math.round(memoryBytes / MIB)
  if (memoryBytes < SMALL_MEMORY_BYTES) {
    findings.push(warning('memory', `${mib} MiB leave little room for containers`, 'add memory'))
  } else findings.push(ok('memory', `${mib} MiB`))
  if (maxOpenFiles < FEW_FILES) {
    findings.push(
      warning(
        'limits',
        `at most ${maxOpenFiles} open files a process`,
        'ulimit -n 65536   (before ./brume up)',
      ),
    )
  }
  if (inotifyInstances < FEW_WATCHES) {
    findings.push(
      warning(
        'limits',
        `at most ${inotifyInstances} inotify instances`,
        'sysctl -w fs.inotify.max_user_instances=512',
      ),
    )
  }
  return findings
}
