// nodes/NAME/proxy, pods/NAME/proxy and services/NAME/proxy: whatever is asked, of what they name.

import type { RequestContext } from '../../handlers/context.ts'
import type { ApiResponse } from '../../http/types.ts'
import type { Backend } from '../../nodes/agents.ts'
import type { Handler, Subresource } from '../table.ts'
import { forward } from './forward.ts'
import { nodeBackend, podBackend, serviceBackend } from './target.ts'

export const nodeProxy = proxy(nodeBackend)
export const podProxy = proxy(podBackend)
export const serviceProxy = proxy(serviceBackend)

const OWN_PATH = /^(\/api\/v1\/(?:namespaces\/[^/]+\/)?[^/]+\/[^/]+\/proxy)(.*)$/

function proxy(backendOf: (context: RequestContext) => Backend): Subresource {
  const handler: Handler = async (context): Promise<ApiResponse> => {
    const { request } = context
    const backend = backendOf(context)
    const [, prefix = request.path, rest = ''] = OWN_PATH.exec(request.path) ?? []
    const query = request.query.size === 0 ? '' : `?${request.query}`
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    // Relative links of a page need the slash.
    if (rest === '' && isRead && request.upgrade === undefined) {
      return { status: 301, headers: { location: `${prefix}/${query}` }, body: undefined }
    }
    return forward(context, backend, { path: `${rest === '' ? '/' : rest}${query}`, prefix })
  }
  return { get: handler, create: handler, update: handler, patch: handler, delete: handler, options: handler }
}
