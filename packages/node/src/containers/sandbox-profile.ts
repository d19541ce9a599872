// What the process that holds a pod's namespaces may not ask of the kernel. That process waits, and does nothing else; to
// compile the runtime's own profile, made for everything that containers may do, took a tenth of a pod's start.

import { renameSync, writeFileSync } from 'node:fs'
import type { Pod } from '../contract.ts'
import { NAMESPACE_CONTAINER, PROFILE_LOCALHOST, PROFILE_RUNTIME_DEFAULT } from '../cri/enums.ts'
import type { Message } from '../cri/messages.ts'
import { namespacesOf } from './namespaces.ts'
import type { NodeSettings } from './settings.ts'

/**
 * Calls that the usual profiles of containers leave out as well. Refused rather than all others allowed: what runc itself
 * calls between the filter and the process differs from one version to the next. Source: man pages, section 2.
 */
const REFUSED = [
  ...['acct', 'quotactl', 'quotactl_fd', 'swapon', 'swapoff', 'reboot', 'syslog', 'vhangup', 'nfsservctl'],
  ...[
    'init_module',
    'finit_module',
    'delete_module',
    'kexec_load',
    'kexec_file_load',
    'bpf',
    'lookup_dcookie',
  ],
  ...[
    'mount',
    'umount2',
    'pivot_root',
    'move_mount',
    'mount_setattr',
    'open_tree',
    'fsopen',
    'fsmount',
    'fspick',
  ],
  ...['fsconfig', 'name_to_handle_at', 'open_by_handle_at', 'unshare', 'setns', 'chroot', 'mknod', 'mknodat'],
  ...['ptrace', 'kcmp', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'perf_event_open'],
  ...[
    'userfaultfd',
    'io_uring_setup',
    'io_uring_enter',
    'io_uring_register',
    'fanotify_init',
    'iopl',
    'ioperm',
  ],
  ...[
    'add_key',
    'request_key',
    'keyctl',
    'settimeofday',
    'clock_settime',
    'clock_adjtime',
    'adjtimex',
    'personality',
  ],
  ...['mbind', 'move_pages', 'migrate_pages', 'set_mempolicy', 'socket', 'socketpair', 'connect', 'bind'],
]

/** No architectures: calls of any but the machine's own end the process. */
const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: REFUSED, action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
}

/** Idempotent. */
export function writeSandboxProfile({ sandboxProfile }: Pick<NodeSettings, 'sandboxProfile'>): void {
  writeFileSync(`${sandboxProfile}.new`, `${JSON.stringify(PROFILE)}\n`, { mode: 0o644 })
  renameSync(`${sandboxProfile}.new`, sandboxProfile)
}

/** Where containers see that process, and could make it do what they may not, it may do no more than they. */
export function sandboxSeccompOf(
  pod: Pod,
  { sandboxProfile }: Pick<NodeSettings, 'sandboxProfile'>,
): Message<'SecurityProfile'> {
  if (namespacesOf(pod).pid !== NAMESPACE_CONTAINER) return { profileType: PROFILE_RUNTIME_DEFAULT }
  return { profileType: PROFILE_LOCALHOST, localhostRef: sandboxProfile }
}
