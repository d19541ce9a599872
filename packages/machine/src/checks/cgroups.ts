// Control groups: how containers are held to their share.

import type { CgroupFacts } from '../facts.ts'
import { type Finding, ok, problem } from './finding.ts'

const NEEDED = ['cpu', 'memory', 'pids']
/** Separate in version 1; version 2 has them by other means. */
const NEEDED_V1 = [...NEEDED, 'cpuset', 'devices', 'freezer']

const NEXT_NONE =
  'mount them: rc-update add cgroups && rc-service cgroups start   (OpenRC), or restart with systemd as init'
const NEXT_MEMORY =
  'add "cgroup_enable=memory cgroup_memory=1" to the kernel\'s command line (/boot/cmdline.txt or GRUB), then restart the machine'

export function cgroupFindings({ version, controllers, writable }: CgroupFacts): Finding[] {
  const name = 'control groups'
  if (version === 0) return [problem(name, 'no control groups are mounted', NEXT_NONE)]
  if (!writable) {
    return [
      problem(
        name,
        'they cannot be written to: this is a container without the right to',
        'start it with all rights (docker run --privileged --cgroupns=private), or use a virtual machine',
      ),
    ]
  }
  const missing = (version === 1 ? NEEDED_V1 : NEEDED).filter((one) => !controllers.includes(one))
  if (missing.length === 0) return [ok(name, `version ${version} with ${controllers.join(', ')}`)]
  const next = missing.includes('memory') ? NEXT_MEMORY : 'use a kernel of the distribution'
  return [problem(name, `version ${version} without ${missing.join(', ')}`, next)]
}
