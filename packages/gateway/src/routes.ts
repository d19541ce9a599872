// What Ingresses ask for, as one list of routes. Pure. Source of the rules: Kubernetes' documentation, "Ingress".

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'

export interface BackendRef {
  namespace: string
  service: string
  /** Name or number of the Service's port. */
  port: string
}

export interface Route {
  /** In lower case; `*.example.org`; '' for any host. */
  host: string
  path: string
  exact: boolean
  backend: BackendRef
  /** namespace/name */
  ingress: string
  options: RouteOptions
}

export interface RouteOptions {
  /** Plain HTTP is sent to HTTPS. */
  redirectToHttps: boolean
  /** The backend speaks HTTP/2 without TLS (gRPC), or TLS. */
  protocol: 'http' | 'h2c' | 'https'
  timeoutSeconds: number | undefined
}

export interface Certificate {
  namespace: string
  secret: string
  /** None: for whatever name is in it. */
  hosts: readonly string[]
}

export interface Wanted {
  routes: Route[]
  certificates: Certificate[]
  /** Sentences about Ingresses that do not get what they ask for. */
  problems: { ingress: KubeObject; reason: string; message: string }[]
}

export const CONTROLLER = 'brume.dev/ingress'
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class'
const OLD_CLASS = 'kubernetes.io/ingress.class'
/** Annotations of an Ingress. */
export const PROTOCOL = 'brume.dev/backend-protocol'
export const REDIRECT = 'brume.dev/redirect-to-https'
export const TIMEOUT = 'brume.dev/timeout-seconds'
const MAX_TIMEOUT_SECONDS = 86_400
const MAX_PATH = 2048

/** Those of this controller's classes; those without a class where one of ours is the default. */
export function ownIngresses(ingresses: readonly KubeObject[], classes: readonly KubeObject[]): KubeObject[] {
  const ours = classes.filter(({ spec }) => spec?.['controller'] === CONTROLLER)
  const names = new Set(ours.map(({ metadata }) => metadata.name))
  const isDefault = ours.some(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
  return ingresses.filter(({ metadata, spec }) => {
    const wanted = spec?.['ingressClassName'] ?? metadata.annotations?.[OLD_CLASS]
    return wanted === undefined ? isDefault : names.has(wanted)
  })
}

/** The older of two that claim the same host and path has it. */
export function wantedOf(ingresses: readonly KubeObject[]): Wanted {
  const wanted: Wanted = { routes: [], certificates: [], problems: [] }
  const owners = new Map<string, string>()
  for (const ingress of [...ingresses].sort(byAge)) {
    const id = `${ingress.metadata.namespace}/${ingress.metadata.name}`
    for (const route of routesOf(ingress, wanted.problems)) {
      const key = `${route.host} ${route.exact ? '=' : '^'} ${route.path}`
      const owner = owners.get(key)
      if (owner === undefined) {
        owners.set(key, id)
        wanted.routes.push(route)
      } else if (owner !== id) {
        const at = `${route.host === '' ? 'any host' : route.host}${route.path}`
        const message = `${at} is taken by Ingress ${owner}, which is older; name another host or path`
        wanted.problems.push({ ingress, reason: 'Conflict', message })
      }
    }
    for (const { hosts, secretName } of listOf(ingress['spec'].tls)) {
      if (secretName === undefined || secretName === '') continue
      const names = (listOf(hosts) as unknown as string[]).map((host) => host.toLowerCase())
      wanted.certificates.push({
        namespace: ingress.metadata.namespace ?? '',
        secret: secretName,
        hosts: names,
      })
    }
  }
  return wanted
}

function routesOf(ingress: KubeObject, problems: Wanted['problems']): Route[] {
  const { namespace = '', name = '', annotations = {} } = ingress.metadata
  const { spec } = ingress
  const tls = listOf(spec['tls']).length > 0
  const options = optionsOf(ingress, annotations, tls, problems)
  const base = { ingress: `${namespace}/${name}`, options }
  const backendOf = (backend: Json): BackendRef | undefined => {
    const service = backend?.service
    if (service?.name === undefined) {
      const message = 'a backend that is no Service is not served; name a Service'
      problems.push({ ingress, reason: 'UnsupportedBackend', message })
      return undefined
    }
    return {
      namespace,
      service: service.name,
      port: String(service.port?.name ?? service.port?.number ?? ''),
    }
  }
  const routes: Route[] = []
  for (const { host = '', http } of listOf(spec['rules'])) {
    for (const { path = '/', pathType, backend } of listOf(http?.paths)) {
      const found = backendOf(backend)
      if (found === undefined) continue
      if (!isUsablePath(path)) {
        const message = `path ${JSON.stringify(path.slice(0, 80))} can be in no request (white space, or more than ${MAX_PATH} letters); it is left out`
        problems.push({ ingress, reason: 'InvalidPath', message })
        continue
      }
      routes.push({ ...base, host: host.toLowerCase(), path, exact: pathType === 'Exact', backend: found })
    }
  }
  if (spec['defaultBackend'] !== undefined) {
    const found = backendOf(spec['defaultBackend'])
    const hosts = new Set(listOf(spec['rules']).map(({ host = '' }) => String(host).toLowerCase()))
    if (hosts.size === 0) hosts.add('')
    for (const host of found === undefined ? [] : hosts) {
      if (routes.some((route) => route.host === host && route.path === '/')) continue
      routes.push({ ...base, host, path: '/', exact: false, backend: found! })
    }
  }
  return routes
}

/** Paths are words on lines of a file, which HAProxy reads: none may be more than that. */
function isUsablePath(path: string): boolean {
  return path.length <= MAX_PATH && !/[\s\p{Cc}]/u.test(path)
}

function optionsOf(
  ingress: KubeObject,
  annotations: Readonly<Record<string, string>>,
  tls: boolean,
  problems: Wanted['problems'],
): RouteOptions {
  const wrong = (name: string, allowed: string) => {
    const message = `annotation ${name}: ${JSON.stringify(annotations[name])} is not ${allowed}; it is left out`
    problems.push({ ingress, reason: 'InvalidAnnotation', message })
  }
  const protocol = annotations[PROTOCOL] ?? 'http'
  const known = protocol === 'http' || protocol === 'h2c' || protocol === 'https'
  if (!known) wrong(PROTOCOL, 'http, h2c or https')
  const timeout = annotations[TIMEOUT] === undefined ? undefined : Number(annotations[TIMEOUT])
  const usable =
    timeout === undefined || (Number.isInteger(timeout) && timeout > 0 && timeout <= MAX_TIMEOUT_SECONDS)
  if (!usable) wrong(TIMEOUT, `a whole number from 1 to ${MAX_TIMEOUT_SECONDS}`)
  return {
    redirectToHttps: annotations[REDIRECT] === undefined ? tls : annotations[REDIRECT] === 'true',
    protocol: known ? protocol : 'http',
    timeoutSeconds: usable ? timeout : undefined,
  }
}

function byAge(a: KubeObject, b: KubeObject): number {
  const [left, right] = [a, b].map(
    ({ metadata }) => `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`,
  )
  return left! < right! ? -1 : 1
}
