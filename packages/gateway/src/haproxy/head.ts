// What stands at the top of HAProxy's configuration: the process itself, what holds for all, and who may ask it. Pure.

import { type ClientLimit, connectionLines } from './clients.ts'
import { type Identity, identityLines } from './identity.ts'
import { word } from './text.ts'

/** HAProxy takes as many connections as the files that it may open allow, up to this. */
export const MAX_FILES = 100_000
/** Of one line of the access log. */
const MAX_LOG_LINE = 8192
const MAX_LOGGED = 1024

export function head(dir: string, identity: Identity | undefined): string[] {
  return [
    'global',
    // What only a reload can change, in a word: `show info` tells it. Filled in when the rest is there.
    '  description ',
    ...identityLines(dir, identity).map((line) => `  ${line}`),
    `  fd-hard-limit ${MAX_FILES}`,
    `  stats socket ${dir}/run/admin.sock mode 600 level admin expose-fd listeners`,
    // Another process on a port is an error, not one that takes half of the requests.
    '  noreuseport',
    '# For `normalize-uri`, of which the form alone may still change.',
    '  expose-experimental-directives',
    '  hard-stop-after 1h',
    '  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
    '  tune.ssl.default-dh-param 2048',
    '  tune.h2.max-concurrent-streams 100',
    '',
    'defaults',
    '  mode http',
    '  option dontlognull',
    '  option redispatch',
    // A client that asks again just when a worker is to end is answered first.
    '  option idle-close-on-response',
    '  retries 3',
    // What was sent already is not sent again: each request would have to be kept for that, which costs a third of its time.
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

/**
 * A line of JSON for each request. `http`: else a connection that is passed on. HAProxy's words about itself are of other
 * levels, and do not get among them.
 */
export function logLines(http: boolean): string[] {
  const text = (name: string) => `"%[var(txn.${name}),bytes(0,${MAX_LOGGED}),json(utf8s)]"`
  const start = '{"time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]","client":"%ci","port":%fp'
  const request = `"host":${text('host')},"method":"%HM","path":${text('path')},"status":%ST`
  const end = '"bytes":%B,"ms":%Tt,"backend":"%s","server":"%si:%sp","route":"%b","ended":"%ts"}'
  return [
    `log stdout len ${MAX_LOG_LINE} format raw local0 emerg`,
    `log-format ${word([start, ...(http ? [request] : [`"host":${text('host')}`]), end].join(','))}`,
    `${http ? 'http-request' : 'tcp-request content'} set-log-level emerg`,
  ]
}

/** Prometheus' own format, for these addresses alone. */
export function metricsFrontend(port: number, from: readonly string[], clients: ClientLimit): string[] {
  return [
    'frontend metrics',
    `bind 0.0.0.0:${port}`,
    ...connectionLines(clients),
    `acl allowed src -- ${['127.0.0.0/8', ...from].join(' ')}`,
    'http-request deny if !allowed',
    'http-request use-service prometheus-exporter if { path /metrics }',
    'http-request return status 404',
  ]
}
