// What Ingresses ask for, as parts of the edge's model. Pure. Source of the rules: Kubernetes' documentation, "Ingress".

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'
import {
  type BackendRef,
  emptyModel,
  type HttpRoute,
  type PathChange,
  PLAIN_RULE,
  type Rule,
  type Target,
} from '../model.ts'
import { ageOf, type GatewayPorts, type Problem, type Wanted } from '../source.ts'
import { type IngressOptions, optionsOf } from './annotations.ts'

const MAX_PATH = 2048
/** All Ingresses' way from plain HTTP to HTTPS. */
const TO_HTTPS = 'ingress/to-https'

interface Place {
  host: string
  path: string
  exact: boolean
  backend: BackendRef
}

/** The older of two that claim the same host and path has it. */
export function wantedOf(
  ingresses: readonly KubeObject[],
  ports: GatewayPorts,
  secretOf: (namespace: string, name: string) => KubeObject | undefined,
): Wanted {
  const model = emptyModel()
  const problems: Problem[] = []
  const owners = new Map<string, string>()
  if (ingresses.length > 0)
    model.listeners.push({ port: ports.http, protocol: 'http' }, { port: ports.https, protocol: 'https' })
  const toHttps = redirectTo(ports)
  const inOrder = ingresses.map((ingress) => ({ ingress, order: ageOf(ingress) }))
  for (const { ingress, order } of inOrder.sort((a, b) => (a.order < b.order ? -1 : 1))) {
    const { namespace = '', name = '' } = ingress.metadata
    const id = `${namespace}/${name}`
    const { options, problems: wrong } = optionsOf(
      ingress,
      listOf(ingress['spec'].tls).length > 0,
      (secret) => secretOf(namespace, secret),
    )
    problems.push(...wrong)
    const ruleOf = rulesOf(id, options)
    for (const [i, place] of placesOf(ingress, problems).entries()) {
      const { host, path, exact } = place
      if (host !== '') model.claims.push({ host, namespace, order })
      const key = `${host} ${exact ? '=' : '^'} ${path}`
      const owner = owners.get(key)
      if (owner !== undefined) {
        if (owner === id) continue
        const at = `${host === '' ? 'any host' : host}${path}`
        const message = `${at} is taken by Ingress ${owner}, which is older; name another host or path`
        problems.push({ object: ingress, reason: 'Conflict', message })
        continue
      }
      owners.set(key, id)
      const route = { ...base(place), order: `${order} ${String(i).padStart(4, '0')}` }
      const rule = ruleOf(place)
      if (options.redirectToHttps)
        model.routes.push(
          { ...route, ports: [ports.http], rule: toHttps },
          { ...route, ports: [ports.https], rule },
        )
      else model.routes.push({ ...route, ports: [ports.http, ports.https], rule })
    }
    for (const { hosts, secretName } of listOf(ingress['spec'].tls)) {
      if (secretName === undefined || secretName === '') continue
      const names = (listOf(hosts) as unknown as string[]).map((host) => host.toLowerCase())
      model.certificates.push({ namespace, secret: secretName, hosts: names, by: { object: ingress, order } })
    }
  }
  return { model, problems }
}

function redirectTo(ports: GatewayPorts): Rule {
  const redirect = {
    scheme: 'https' as const,
    host: undefined,
    port: ports.https,
    path: undefined,
    code: 308 as const,
  }
  return { ...PLAIN_RULE, id: TO_HTTPS, targets: [], redirect }
}

/** One rule for each of an Ingress's backends, however many paths lead there; with a new path for each path. */
function rulesOf(ingress: string, options: IngressOptions): (place: Place) => Rule {
  const rules = new Map<string, Rule>()
  return ({ backend, path, exact }) => {
    const { rewriteHost: host, rewritePrefix: value, canary, protocol } = options
    const own = value === undefined ? '' : `/${exact ? '=' : ''}${path}`
    const id = `ingress/${ingress}/${backend.service}/${backend.port}${own}`
    const known = rules.get(id)
    if (known !== undefined) return known
    const target = (to: BackendRef, weight: number): Target => ({ backend: to, weight, protocol })
    const next = { namespace: backend.namespace, service: canary?.service ?? '', port: canary?.port ?? '' }
    const changed: PathChange | undefined =
      value === undefined
        ? undefined
        : exact
          ? { type: 'full', value }
          : { type: 'prefix', from: path, value }
    const rule: Rule = {
      ...options.rule,
      id,
      targets:
        canary === undefined
          ? [target(backend, 1)]
          : [target(backend, 100 - canary.percent), target(next, canary.percent)],
      rewrite: host === undefined && changed === undefined ? undefined : { host, path: changed },
    }
    rules.set(id, rule)
    return rule
  }
}

function base({ host, path, exact }: Place): Omit<HttpRoute, 'ports' | 'order' | 'rule'> {
  return {
    host,
    ...(host.startsWith('*.') ? { oneLabel: true } : {}),
    path: { type: exact ? 'exact' : 'prefix', value: path },
    method: undefined,
    headers: [],
    query: [],
  }
}

function placesOf(ingress: KubeObject, problems: Problem[]): Place[] {
  const { namespace = '' } = ingress.metadata
  const { spec } = ingress
  const backendOf = (backend: Json): BackendRef | undefined => {
    const service = backend?.service
    if (service?.name === undefined) {
      const message = 'a backend that is no Service is not served; name a Service'
      problems.push({ object: ingress, reason: 'UnsupportedBackend', message })
      return undefined
    }
    return {
      namespace,
      service: service.name,
      port: String(service.port?.name ?? service.port?.number ?? ''),
    }
  }
  const places: Place[] = []
  for (const { host = '', http } of listOf(spec['rules'])) {
    for (const { path = '/', pathType, backend } of listOf(http?.paths)) {
      const found = backendOf(backend)
      if (found === undefined) continue
      if (!isUsablePath(path)) {
        const message = `path ${JSON.stringify(path.slice(0, 80))} can be in no request (white space, or more than ${MAX_PATH} letters); it is left out`
        problems.push({ object: ingress, reason: 'InvalidPath', message })
        continue
      }
      places.push({ host: host.toLowerCase(), path, exact: pathType === 'Exact', backend: found })
    }
  }
  if (spec['defaultBackend'] === undefined) return places
  const found = backendOf(spec['defaultBackend'])
  const hosts = new Set(listOf(spec['rules']).map(({ host = '' }) => String(host).toLowerCase()))
  if (hosts.size === 0) hosts.add('')
  for (const host of found === undefined ? [] : hosts) {
    if (places.some((place) => place.host === host && place.path === '/')) continue
    places.push({ host, path: '/', exact: false, backend: found! })
  }
  return places
}

/** Paths are words on lines of a file, which HAProxy reads: none may be more than that. */
function isUsablePath(path: string): boolean {
  return path.length <= MAX_PATH && !/[\s\p{Cc}]/u.test(path)
}
