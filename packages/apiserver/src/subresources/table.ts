// Which subresource answers which verb. A subresource is one file; what all kinds share (status, scale) is found by
// the definition, the others by group, resource and name.

import type { RequestContext } from '../handlers/context.ts'
import { handleGet } from '../handlers/get.ts'
import { handlePatch } from '../handlers/patch.ts'
import { handleUpdate } from '../handlers/update.ts'
import type { ApiResponse } from '../http/types.ts'
import { approval } from './approval.ts'
import { binding } from './binding.ts'
import { ephemeralContainers } from './ephemeral-containers.ts'
import { eviction } from './eviction.ts'
import { finalize } from './finalize.ts'
import { nodeProxy, podProxy, serviceProxy } from './proxy/proxies.ts'
import { resize } from './resize.ts'
import { scale } from './scale.ts'
import { podLog } from './streams/pod-log.ts'
import { podAttach, podExec, podPortForward } from './streams/pod-stream.ts'
import { serviceAccountToken } from './token.ts'

export type Handler = (context: RequestContext) => ApiResponse | Promise<ApiResponse>
/** Verb -> handler. */
export type Subresource = Readonly<Record<string, Handler>>

const status: Subresource = { get: handleGet, update: handleUpdate, patch: handlePatch }

const BUILTIN: Readonly<Record<string, Subresource>> = {
  'certificates.k8s.io/certificatesigningrequests/approval': approval,
  '/namespaces/finalize': finalize,
  '/pods/attach': podAttach,
  '/nodes/proxy': nodeProxy,
  '/pods/binding': binding,
  '/pods/ephemeralcontainers': ephemeralContainers,
  '/pods/eviction': eviction,
  '/pods/exec': podExec,
  '/pods/log': podLog,
  '/pods/portforward': podPortForward,
  '/pods/proxy': podProxy,
  '/pods/resize': resize,
  '/services/proxy': serviceProxy,
  '/serviceaccounts/token': serviceAccountToken,
}

/** undefined: this kind has no such subresource here. */
export function subresourceOf(context: RequestContext): Subresource | undefined {
  const { definition, info } = context
  if (info.subresource === 'status') return definition.hasStatus ? status : undefined
  if (info.subresource === 'scale') return definition.scale === undefined ? undefined : scale
  const id = `${definition.group}/${definition.plural}/${info.subresource}`
  return Object.hasOwn(BUILTIN, id) ? BUILTIN[id] : undefined
}
