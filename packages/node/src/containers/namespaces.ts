// Which of the kernel's namespaces a pod shares with its node, and its containers with each other.

import { assert } from '@brume/base/assert'
import type { Pod } from '../contract.ts'
import { NAMESPACE_CONTAINER, NAMESPACE_NODE, NAMESPACE_POD, NAMESPACE_TARGET } from '../cri/enums.ts'
import type { Message } from '../cri/messages.ts'

/** `targetId`: the container whose processes an ephemeral one wants to see. */
export function namespacesOf(pod: Pod, targetId?: string): Message<'NamespaceOption'> {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod['spec']
  const options = {
    network: hostNetwork === true ? NAMESPACE_NODE : NAMESPACE_POD,
    ipc: hostIPC === true ? NAMESPACE_NODE : NAMESPACE_POD,
    pid: hostPID === true ? NAMESPACE_NODE : shareProcessNamespace ? NAMESPACE_POD : NAMESPACE_CONTAINER,
  }
  if (targetId === undefined || options.pid !== NAMESPACE_CONTAINER) return options
  assert(targetId !== '', 'a target container is named by its id')
  return { ...options, pid: NAMESPACE_TARGET, targetId }
}
