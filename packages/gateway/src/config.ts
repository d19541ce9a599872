// The configuration of HAProxy and the files that it reads, as text. Pure. Names in it are made here, and everything that
// a user wrote is either looked up in a map or checked by the API server's validation of Ingresses.

import { createHash } from 'node:crypto'
import type { Behind } from './endpoints.ts'
import type { BackendRef, Route, RouteOptions } from './routes.ts'

export interface GatewayPorts {
  http: number
  https: number
}

export interface Backend {
  ref: BackendRef
  options: RouteOptions
  behind: Behind
}

export interface ConfigInput {
  dir: string
  ports: GatewayPorts
  /** The machine has IPv6. */
  ipv6: boolean
  routes: readonly Route[]
  backendOf(route: Route): Backend
}

export interface ConfigFiles {
  'haproxy.cfg': string
  'exact.map': string
  'prefix.map': string
  'redirect.map': string
}

/** HAProxy takes as many connections as the files that it may open allow, up to this. */
const MAX_FILES = 100_000

export function configFiles({ dir, ports, ipv6, routes, backendOf }: ConfigInput): ConfigFiles {
  const backends = new Map<string, Backend>()
  const maps = {
    exact: new Map<string, string>(),
    prefix: new Map<string, string>(),
    redirect: new Map<string, string>(),
  }
  for (const route of routes) {
    const backend = backendOf(route)
    const name = backendName(backend)
    backends.set(name, backend)
    const host = route.host === '' ? '*' : route.host
    // Elements of a path count whole: /shop is /shop/..., and never /shopping.
    const path = route.exact ? route.path : `${route.path.replace(/\/+$/, '')}/`
    const map = route.exact ? maps.exact : maps.prefix
    if (!map.has(host + path)) map.set(host + path, name)
    if (route.options.redirectToHttps) maps.redirect.set(host, 'yes')
  }
  return {
    'haproxy.cfg': [
      ...head(dir),
      ...frontend({ dir, ports }, 'http', binds(ports.http, ipv6)),
      ...frontend(
        { dir, ports },
        'https',
        binds(ports.https, ipv6, ` ssl crt-list ${dir}/crt-list alpn h2,http/1.1`),
      ),
      ...[...backends]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([name, backend]) => backendLines(name, backend)),
      '',
    ].join('\n'),
    'exact.map': mapText(maps.exact),
    'prefix.map': mapText(maps.prefix),
    'redirect.map': mapText(maps.redirect),
  }
}

/** Of a Service's port with its options: Ingresses that mean the same share it. */
export function backendName({ ref, options }: Pick<Backend, 'ref' | 'options'>): string {
  const text = JSON.stringify([
    ref.namespace,
    ref.service,
    ref.port,
    options.protocol,
    options.timeoutSeconds,
  ])
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8)
  return `${ref.namespace}.${ref.service}.${hash}`
}

function head(dir: string): string[] {
  return [
    'global',
    `  fd-hard-limit ${MAX_FILES}`,
    `  stats socket ${dir}/run/admin.sock mode 600 level admin expose-fd listeners`,
    // Another process on a port is an error, not one that takes half of the requests.
    '  noreuseport',
    '  log stdout format raw local0',
    '  hard-stop-after 1h',
    '  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
    '  tune.ssl.default-dh-param 2048',
    '  tune.h2.max-concurrent-streams 100',
    '',
    'defaults',
    '  mode http',
    '  log global',
    '  option httplog',
    '  option dontlognull',
    '  option redispatch',
    '  retries 3',
    '  retry-on conn-failure',
    '  http-reuse safe',
    '  timeout connect 3s',
    '  timeout client 60s',
    '  timeout server 60s',
    '  timeout tunnel 1h',
    '  timeout http-request 20s',
    '  timeout http-keep-alive 60s',
    '  timeout queue 10s',
    '',
  ]
}

/** One for each family, so that addresses of IPv4 are told as such. */
function binds(port: number, ipv6: boolean, more = ''): string[] {
  return [`bind 0.0.0.0:${port}${more}`, ...(ipv6 ? [`bind :::${port} v6only${more}`] : [])]
}

/** Host and path are looked up: the very host, then its domain's wildcard, then any host; exact paths first. */
function frontend(
  { dir, ports }: Pick<ConfigInput, 'dir' | 'ports'>,
  name: string,
  bind: readonly string[],
): string[] {
  const hosts = ['txn.host', 'txn.domain', 'txn.any']
  // A host without routes of its own has those of its domain, or of any host; and goes to HTTPS where these do.
  const lookups = hosts.flatMap((host) => [
    `http-request set-var(txn.to) var(${host}),concat(,txn.path),map_str(${dir}/exact.map) if !{ var(txn.to) -m found }`,
    `http-request set-var(txn.to) var(${host}),concat(,txn.path,/),map_beg(${dir}/prefix.map) if !{ var(txn.to) -m found }`,
    `http-request set-var(txn.at) var(${host}) if { var(txn.to) -m found } !{ var(txn.at) -m found }`,
  ])
  const there = ports.https === 443 ? '' : `:${ports.https}`
  const redirect = `http-request redirect location https://%[var(txn.host)]${there}%[pathq] code 308 if !{ ssl_fc } { var(txn.at),map_str(${dir}/redirect.map) -m found }`
  return [
    `frontend ${name}`,
    ...bind.map((line) => `  ${line}`),
    '  # What a client says of itself is not believed.',
    '  http-request del-header X-Forwarded-For',
    '  http-request set-header X-Forwarded-For %[src]',
    '  http-request set-header X-Forwarded-Proto https if { ssl_fc }',
    '  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }',
    '  http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    '  http-request set-var(txn.host) req.hdr(host),field(1,:),lower',
    '  http-request set-var(txn.domain) var(txn.host),regsub(^[^.]*,*)',
    '  http-request set-var(txn.any) str(*)',
    '  http-request set-var(txn.path) path',
    ...lookups.map((line) => `  ${line}`),
    `  ${redirect}`,
    '  http-request return status 404 content-type text/plain string "no route leads there: kubectl get ingress -A\\n" if !{ var(txn.to) -m found }',
    '  use_backend %[var(txn.to)]',
    '',
  ]
}

function backendLines(name: string, { options, behind }: Backend): string[] {
  const lines = [`backend ${name}`]
  if (options.timeoutSeconds !== undefined) lines.push(`  timeout server ${options.timeoutSeconds}s`)
  if ('missing' in behind || behind.servers.length === 0) {
    const why = 'missing' in behind ? behind.missing : 'nothing behind this route is ready'
    lines.push(`  http-request return status 503 content-type text/plain string "${why}\\n"`, '')
    return lines
  }
  const protocol = { http: '', h2c: ' proto h2', https: ' ssl verify none alpn h2,http/1.1' }[
    options.protocol
  ]
  lines.push('  balance leastconn')
  for (const { ip, port } of behind.servers) {
    lines.push(`  server ${ip.replaceAll('.', '-')}-${port} ${ip}:${port}${protocol}`)
  }
  lines.push('')
  return lines
}

function mapText(map: ReadonlyMap<string, string>): string {
  return [...map].map(([key, value]) => `${key} ${value}\n`).join('')
}
