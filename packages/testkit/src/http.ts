// Plain requests against a control plane: what a client of any language sends and sees.

import type { TransportRequest } from '@brume/client/transport'
import type { TestControlPlane } from './control-plane.ts'

export interface Answer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
  /** Parsed when the body is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a body of any kind
  body: any
}

export interface HttpOptions {
  query?: Record<string, string>
  headers?: Record<string, string>
  contentType?: string
}

export interface Http {
  /** `body` is sent as it is when it is text or bytes, else as JSON. */
  send(method: string, path: string, body?: unknown, options?: HttpOptions): Promise<Answer>
}

export function httpOf(plane: TestControlPlane): Http {
  return {
    async send(method, path, body, { query = {}, headers = {}, contentType = 'application/json' } = {}) {
      const raw = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
      const request: TransportRequest = {
        method,
        path,
        query,
        headers: {
          accept: 'application/json',
          'user-agent': 'brume-test/1',
          ...(body === undefined ? {} : { 'content-type': contentType }),
          ...headers,
        },
        ...(raw === undefined ? {} : { body: raw }),
      }
      const response = await plane.client.transport.request(request)
      const text = (await response.buffer()).toString()
      return { status: response.status, headers: response.headers, text, body: parsed(text) }
    },
  }
}

/** Lets everybody who is known do what a role of the cluster allows. Throws when that is refused. */
export async function grantEverybody(http: Http, role: 'view' | 'edit'): Promise<void> {
  const group = 'rbac.authorization.k8s.io'
  const { status, text } = await http.send('POST', `/apis/${group}/v1/clusterrolebindings`, {
    metadata: { name: `everybody-${role}s` },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: group, kind: 'Group', name: 'system:authenticated' }],
  })
  if (status !== 201) throw new Error(`nobody is allowed to ${role}: ${text}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const configMap = (name: string, data: Record<string, string> = {}, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data,
})
