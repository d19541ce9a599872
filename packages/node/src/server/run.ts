// POST /run/NAMESPACE/POD[/UID]/CONTAINER?cmd=...: a command to its end, its output as the answer.

import type { ServerResponse } from 'node:http'
import type { Cri } from '../cri/cri.ts'
import { type NodePods, type PodName, podNamed, runningContainer } from './pods.ts'

const MAX_SECONDS = 60

/** Words are parted by blanks, as the kubelet does it. Throws AgentError, CriError. */
export async function serveRun(
  { pods, cri }: { pods: NodePods; cri: Pick<Cri, 'listContainers' | 'execSync'> },
  { pod: named, container, query }: { pod: PodName; container: string; query: URLSearchParams },
  response: ServerResponse,
): Promise<void> {
  const pod = podNamed(pods, named)
  const id = await runningContainer(cri, pod, container)
  const { stdout, stderr, exitCode } = await cri.execSync(
    id,
    (query.get('cmd') ?? '').split(' '),
    MAX_SECONDS,
  )
  const status = exitCode === 0 ? 200 : 500
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  })
  response.end(Buffer.concat([stdout, stderr]))
}
