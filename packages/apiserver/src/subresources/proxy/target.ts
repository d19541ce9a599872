// What a proxy path leads to: an address that belongs to a pod of that namespace, or to a node, and no other.

import { isIP } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import { badRequest, notFound, StatusError } from '@brume/base/errors'
import type { RequestContext } from '../../handlers/context.ts'
import { type Backend, boundConnecting, unreachable } from '../../nodes/agents.ts'

/** `NAME`, `NAME:PORT`, `SCHEME:NAME:PORT` */
export interface ProxyName {
  scheme: 'http' | 'https'
  name: string
  port: string
}

/** Throws BadRequest. */
export function proxyName({ info }: RequestContext, kind: string): ProxyName {
  const pieces = info.name.split(':')
  const [scheme, name, port] =
    pieces.length === 3 ? pieces : pieces.length === 2 ? ['', ...pieces] : ['', pieces[0], '']
  const isRight = ['', 'http', 'https'].includes(scheme!) && name !== '' && pieces.length <= 3
  if (!isRight) throw badRequest(`invalid ${kind} request ${JSON.stringify(info.name)}`)
  return { scheme: scheme === 'https' ? 'https' : 'http', name: name!, port: port! }
}

/** The first port that a container tells of, where none is asked for. */
export function podBackend(context: RequestContext): Backend {
  const { scheme, name, port } = proxyName(context, 'pod')
  const pod = objectNamed(context, 'pods', name)
  const containers: { ports?: { containerPort: number }[] }[] = pod['spec']?.containers ?? []
  const first = containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort
  const number = port === '' ? (first ?? (scheme === 'https' ? 443 : 80)) : portNumber(port)
  return plainBackend(scheme, allowed(addressesOf(pod)[0] ?? ''), number)
}

/** One of the pods behind the Service. */
export function serviceBackend(context: RequestContext): Backend {
  const { scheme, name, port } = proxyName(context, 'service')
  const service = objectNamed(context, 'services', name)
  const portName = /^\d+$/.test(port) ? nameOfPort(service, Number(port)) : port
  const found = endpointsOf(context, name, portName)
  const chosen = found[Math.floor(Math.random() * found.length)]
  if (chosen === undefined) {
    const asked = JSON.stringify(context.info.name)
    throw new StatusError('ServiceUnavailable', `no endpoints available for service ${asked}`)
  }
  return plainBackend(scheme, allowed(chosen.address), chosen.port)
}

/** The node's agent; another port of the node is not offered. */
export function nodeBackend(context: RequestContext): Backend {
  const { name, port } = proxyName(context, 'node')
  const agent = context.parts.nodes.backend(name)
  if (port !== '' && !agent.address.endsWith(`:${port}`)) {
    throw badRequest(`port ${port} of node ${name} is not the agent's: only that one is proxied`)
  }
  return agent
}

function objectNamed({ parts, info }: RequestContext, plural: string, name: string): KubeObject {
  const object = parts.reader.get('', plural, info.namespace, name)
  if (object === undefined) throw notFound({ group: '', resource: plural, name })
  return object
}

interface ServicePort {
  name?: string
  port: number
}

function nameOfPort(service: KubeObject, number: number): string {
  const ports: ServicePort[] = service['spec']?.ports ?? []
  const found = ports.find(({ port }) => port === number)
  if (found !== undefined) return found.name ?? ''
  const name = JSON.stringify(service.metadata.name)
  throw new StatusError('ServiceUnavailable', `no service port ${number} found for service ${name}`)
}

interface Subset {
  addresses?: { ip: string; targetRef?: { kind?: string; namespace?: string; name?: string } }[]
  ports?: ServicePort[]
}

/** Only addresses of pods that have them: whoever writes Endpoints must not reach what they please through the server. */
function endpointsOf(
  context: RequestContext,
  name: string,
  port: string,
): { address: string; port: number }[] {
  const { parts, info } = context
  const subsets: Subset[] = parts.reader.get('', 'endpoints', info.namespace, name)?.['subsets'] ?? []
  return subsets.flatMap(({ addresses = [], ports = [] }) => {
    const chosen = ports.find((one) => (one.name ?? '') === port)
    if (chosen === undefined) return []
    return addresses
      .filter(({ ip, targetRef }) => {
        if (targetRef?.kind !== 'Pod' || targetRef.namespace !== info.namespace) return false
        const pod = parts.reader.get('', 'pods', info.namespace, targetRef.name ?? '')
        return pod !== undefined && addressesOf(pod).includes(ip)
      })
      .map(({ ip }) => ({ address: ip, port: chosen.port }))
  })
}

function addressesOf(pod: KubeObject): string[] {
  const { podIPs = [], podIP } = pod['status'] ?? {}
  const all: string[] = podIPs.map(({ ip }: { ip: string }) => ip)
  return all.length > 0 || podIP === undefined ? all : [podIP]
}

function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port > 0 && port < 65536) return port
  throw badRequest(`invalid port ${JSON.stringify(text)}`)
}

/** Never the server's own machine or its surroundings. */
function allowed(address: string): string {
  const version = isIP(address)
  const isLocal =
    version === 4
      ? /^(0\.|127\.|169\.254\.|22[4-9]\.|23\d\.|2[45]\d\.)/.test(address)
      : /^(::1?$|::ffff:|fe[89ab]|ff)/i.test(address)
  if (version === 0 || isLocal) throw badRequest('address not allowed')
  return address
}

/** Pods show certificates of their own making: they are not looked at, as in Kubernetes. */
function plainBackend(scheme: 'http' | 'https', host: string, port: number): Backend {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return {
    address,
    open({ method, path, headers = {}, signal }) {
      const options = {
        host,
        port,
        method,
        path,
        headers: { ...headers } as Record<string, string | string[]>,
        agent: false as const,
        ...(signal === undefined ? {} : { signal }),
      }
      const request =
        scheme === 'https'
          ? process.getBuiltinModule('node:https').request({ ...options, rejectUnauthorized: false })
          : process.getBuiltinModule('node:http').request(options)
      boundConnecting(request, scheme === 'https' ? 'secureConnect' : 'connect')
      return request
    },
    failed: (error) => unreachable(address, error),
  }
}
