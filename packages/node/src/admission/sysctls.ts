// Kernel settings that a pod may have: those that the kernel keeps apart for each pod and that no pod can harm others
// with (Kubernetes' safe sysctls, pkg/kubelet/sysctl).

import { type Json, listOf } from '@brume/api/validate/json'
import type { Pod } from '../contract.ts'

type Namespace = 'network' | 'ipc'

const SAFE: Readonly<Record<string, Namespace>> = {
  'kernel.shm_rmid_forced': 'ipc',
  'net.ipv4.ip_local_port_range': 'network',
  'net.ipv4.ip_local_reserved_ports': 'network',
  'net.ipv4.ip_unprivileged_port_start': 'network',
  'net.ipv4.ping_group_range': 'network',
  'net.ipv4.tcp_fin_timeout': 'network',
  'net.ipv4.tcp_keepalive_intvl': 'network',
  'net.ipv4.tcp_keepalive_probes': 'network',
  'net.ipv4.tcp_keepalive_time': 'network',
  'net.ipv4.tcp_rmem': 'network',
  'net.ipv4.tcp_syncookies': 'network',
  'net.ipv4.tcp_wmem': 'network',
}

/** What is wrong with the first one that the pod may not have; undefined: nothing. */
export function forbiddenSysctl({ spec }: Pod): string | undefined {
  for (const { name } of listOf(spec['securityContext']?.sysctls)) {
    const wrong = whyForbidden(normalName(name), spec)
    if (wrong !== undefined) return `forbidden sysctl: ${wrong}`
  }
  return undefined
}

function whyForbidden(name: string, { hostNetwork, hostIPC }: Json): string | undefined {
  const namespace = Object.hasOwn(SAFE, name) ? SAFE[name] : undefined
  if (namespace === undefined) return `${JSON.stringify(name)} not allowlisted`
  const shared = namespace === 'network' ? hostNetwork === true : hostIPC === true
  return shared ? `${JSON.stringify(name)} not allowed with host ${SHOWN[namespace]} enabled` : undefined
}

/** As the message has them. */
const SHOWN: Readonly<Record<Namespace, string>> = { network: 'Net', ipc: 'IPC' }

/** `net/ipv4/x` is the same as `net.ipv4.x`; in a name that begins with slashes, dots stay what they are. */
function normalName(name: string): string {
  const separator = name.search(/[./]/)
  if (separator < 0 || name[separator] === '.') return name
  return name.replace(/[./]/g, (letter) => (letter === '/' ? '.' : '/'))
}
