// Which TCP ports are listened on, as proc(5) describes /proc/net/tcp.

import { existsSync, readFileSync } from 'node:fs'

const LISTEN = '0A'

/** In this process's network namespace, IPv4 and IPv6. */
export function listeningPorts(): number[] {
  return ['/proc/self/net/tcp', '/proc/self/net/tcp6']
    .filter((path) => existsSync(path))
    .flatMap((path) => parseListening(readFileSync(path, 'latin1')))
    .filter((port, i, all) => all.indexOf(port) === i)
    .sort((a, b) => a - b)
}

/** Lines after the head: number, local address in hex with `:PORT`, remote address, state. */
export function parseListening(text: string): number[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN)
    .map((fields) => Number.parseInt(fields[1]!.split(':')[1]!, 16))
}
