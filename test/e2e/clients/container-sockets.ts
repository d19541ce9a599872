// WebSockets into containers, as a client without a library for Kubernetes opens them.

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { TestControlPlane } from '@brume/testkit/control-plane'
import { WebSocket } from 'ws'

export const PODS_PATH = '/api/v1/namespaces/default/pods'

export interface Told {
  ws: WebSocket
  /** By channel. */
  text: Map<number, string>
  /** With the code. */
  closed: Promise<number>
}

export interface Sockets {
  /** Of the administrator: certificate and key. */
  admin(): { cert: string; key: string }
  open(path: string, protocols: string[]): Promise<Told>
  /** What is answered instead; 101 when it was opened after all. */
  refused(
    path: string,
    protocols: string[],
    more?: object,
  ): Promise<{ status: number | undefined; text: string }>
}

export function exec(pod: string, command: string[], streams = 'stdout=true&stderr=true'): string {
  const words = command.map((word) => `command=${encodeURIComponent(word)}`)
  return `${PODS_PATH}/${pod}/exec?${streams}&${words.join('&')}`
}

/** `plane` is asked at each call: it may be started again. */
export function socketsOf(plane: () => TestControlPlane): Sockets {
  const admin = () => {
    const { certificatePem: cert, privateKeyPem: key } = plane().plane.pki.admin
    return { cert, key }
  }
  const connect = (path: string, protocols: string[], more: object) => {
    const { url, pki } = plane().plane
    const ws = new WebSocket(url.replace('https', 'wss') + path, protocols, {
      ca: pki.ca.certificatePem,
      ...more,
    })
    return ws
  }
  return {
    admin,
    async open(path, protocols) {
      const ws = connect(path, protocols, admin())
      const text = new Map<number, string>()
      ws.on('message', (data: Buffer, isBinary) => {
        const channel = isBinary ? data[0]! : data[0]! - 48
        const payload = isBinary ? data.subarray(1) : Buffer.from(String(data.subarray(1)), 'base64')
        text.set(channel, (text.get(channel) ?? '') + payload.toString('latin1'))
      })
      const closed = once(ws, 'close').then(([code]) => code as number)
      await once(ws, 'open')
      return { ws, text, closed }
    },
    async refused(path, protocols, more = admin()) {
      const ws = connect(path, protocols, more)
      ws.on('error', () => {})
      const opened = once(ws, 'open').then(
        () => undefined,
        () => undefined,
      )
      const answer = await Promise.race([opened, once(ws, 'unexpected-response')])
      if (answer === undefined) {
        ws.terminate()
        return { status: 101, text: '' }
      }
      const [, response] = answer as [unknown, IncomingMessage]
      let text = ''
      for await (const chunk of response) text += chunk
      return { status: response.statusCode, text }
    },
  }
}
