// The query parameters of streams, in the kubelet's words.

import { AgentError } from './agent-error.ts'

export interface CommandStreams {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

/** A terminal has no error stream of its own. Throws AgentError. */
export function commandStreams(query: URLSearchParams): CommandStreams {
  const isOn = (name: string) => query.get(name) === '1'
  const tty = isOn('tty')
  const streams = { stdin: isOn('input'), stdout: isOn('output'), stderr: isOn('error') && !tty, tty }
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw new AgentError(400, 'you must specify at least 1 of stdin, stdout, stderr')
  }
  return streams
}

/** Of `port=80,81`. Throws AgentError. */
export function portsOf(query: URLSearchParams): number[] {
  const texts = query.getAll('port')
  if (texts.length === 0) throw new AgentError(400, 'query parameter "port" is required')
  if (texts.includes('')) throw new AgentError(400, 'query parameter "port" cannot be empty')
  return texts.flatMap((text) => text.split(',')).map(portOf)
}

function portOf(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65535) {
    throw new AgentError(400, `unable to parse ${JSON.stringify(text)} as a port`)
  }
  if (port < 1) throw new AgentError(400, `port ${JSON.stringify(text)} must be > 0`)
  return port
}
