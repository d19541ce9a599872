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
const REFUSED = `
  acct add_key adjtimex bind bpf chroot clock_adjtime clock_settime connect delete_module fanotify_init finit_module
  fsconfig fsmount fsopen fspick init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp
  kexec_file_load kexec_load keyctl lookup_dcookie mbind migrate_pages mknod mknodat mount mount_setattr move_mount
  move_pages name_to_handle_at nfsservctl open_by_handle_at open_tree perf_event_open personality pivot_root
  process_madvise process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot request_key set_mempolicy setns
  settimeofday socket socketpair swapoff swapon syslog umount2 unshare userfaultfd vhangup
`

/** No architectures: calls of any but the machine's own end the process. */
const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: REFUSED.trim().split(/\s+/), action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
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
