// Paths that answer with a document: health, pods, and what other parts of the agent have to tell.

import type { ServerResponse } from 'node:http'
import { AgentError } from './agent-error.ts'
import type { NodePods } from './pods.ts'

export interface DocumentText {
  contentType: string
  body: string
}

export type AgentDocument = () => DocumentText | Promise<DocumentText>

const JSON_TYPE = 'application/json'

export async function answerDocument(
  documents: Readonly<Record<string, AgentDocument>>,
  { pods, path }: { pods: NodePods; path: string },
  response: ServerResponse,
): Promise<void> {
  const name = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  const { contentType, body } = await documentOf(documents, pods, name)
  response.writeHead(200, { 'content-type': contentType, 'x-content-type-options': 'nosniff' }).end(body)
}

async function documentOf(
  documents: Readonly<Record<string, AgentDocument>>,
  pods: NodePods,
  path: string,
): Promise<DocumentText> {
  if (Object.hasOwn(documents, path)) return documents[path]!()
  if (path === '/healthz') return { contentType: 'text/plain; charset=utf-8', body: 'ok' }
  if (path === '/pods' || path === '/runningpods') {
    const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [...pods.list()] }
    return { contentType: JSON_TYPE, body: JSON.stringify(list) }
  }
  throw new AgentError(404, '404: Page Not Found')
}
