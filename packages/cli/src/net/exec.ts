// A command in a pod, over the API as kubectl does it: WebSocket, protocol v5.channel.k8s.io.

import { once } from 'node:events'
import type { Connection } from '@brume/client/kubeconfig'
import { WebSocket } from 'ws'

export interface Ran {
  output: string
  /** undefined: it was not run; the output says why. */
  code: number | undefined
}

const PROTOCOL = 'v5.channel.k8s.io'
const STATUS_CHANNEL = 3
const LIMIT_MS = 15_000

export async function execInPod(
  connection: Connection,
  { namespace, name, container }: { namespace: string; name: string; container: string },
  command: readonly string[],
): Promise<Ran> {
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' })
  for (const word of command) query.append('command', word)
  const url = `${connection.server.replace(/^http/, 'ws')}/api/v1/namespaces/${namespace}/pods/${name}/exec?${query}`
  const { certificatePem, keyPem } = await connection.credentials.certificate()
  const authorization = await connection.credentials.authorization()
  const socket = new WebSocket(url, PROTOCOL, {
    ...(connection.caPem === undefined ? {} : { ca: connection.caPem }),
    ...(certificatePem === undefined ? {} : { cert: certificatePem }),
    ...(keyPem === undefined ? {} : { key: keyPem }),
    ...(connection.tlsServerName === undefined ? {} : { servername: connection.tlsServerName }),
    rejectUnauthorized: !connection.insecureSkipTlsVerify,
    headers: authorization === undefined ? {} : { authorization },
    handshakeTimeout: LIMIT_MS,
  })
  let output = ''
  let status: {
    status?: string
    message?: string
    details?: { causes?: { reason: string; message: string }[] }
  } = {}
  socket.on('message', (data: Buffer) => {
    const text = data.subarray(1).toString()
    if (data[0] === STATUS_CHANNEL) status = JSON.parse(text)
    else output += text
  })
  const timer = setTimeout(() => socket.terminate(), LIMIT_MS)
  try {
    await once(socket, 'close')
  } catch (error) {
    return { output: (error as Error).message, code: undefined }
  } finally {
    clearTimeout(timer)
  }
  if (status.status === 'Success') return { output, code: 0 }
  const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message
  return code === undefined
    ? { output: status.message ?? output, code: undefined }
    : { output, code: Number(code) }
}
