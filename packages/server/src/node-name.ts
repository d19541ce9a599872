import { hostname } from 'node:os'

/** A node's name is a DNS subdomain: what this machine calls itself, in lower case. */
export function defaultNodeName(name = hostname()): string {
  const usable = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
  return usable === '' ? 'node' : usable
}
