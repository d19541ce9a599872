// Other addresses for a request, as redirects and rewrites, in HAProxy's format. Pure. Source of the rules: Gateway API,
// HTTPPathModifier.

import type { PathChange, Redirect, Rewrite } from '../model.ts'
import { readPath } from './requests.ts'
import { literalFormat, word } from './text.ts'

const WELL_KNOWN = { http: 80, https: 443 }
/** What is behind the prefix that matched. */
const REST = 'var(txn.rest)'
const SOME = `{ ${REST} -m len 1: }`
const NONE = `{ ${REST} -m len 0 }`
const QUERY = '{ query -m len 1: }'

/** Without scheme and port the ones that the request came in by are kept. */
export function redirectLines({ scheme, host, port, path, code }: Redirect): string[] {
  const kept = port === undefined && scheme === undefined
  const to = (path: string, ...conditions: string[]) => {
    const name = host === undefined ? '%[var(txn.host)]' : percent(host)
    const start = `${scheme ?? '%[ssl_fc,iif(https,http)]'}://${name}`
    const line = (at: string, ...when: string[]) => {
      const all = [...conditions, ...when].join(' ')
      return `http-request redirect location ${word(`${start}${at}${path}`)} code ${code}${all === '' ? '' : ` if ${all}`}`
    }
    if (kept) return [line('', '{ dst_port 80 443 }'), line(':%[dst_port]')]
    return [line(port === undefined || port === WELL_KNOWN[scheme ?? 'http'] ? '' : `:${port}`)]
  }
  if (path === undefined) return to('%[pathq]')
  return [
    ...restLines(path),
    ...pathsOf(path).flatMap(({ format, when }) => [
      ...to(`${format}?%[query]`, ...when, QUERY),
      ...to(format, ...when),
    ]),
  ]
}

export function rewriteLines({ host, path }: Rewrite): string[] {
  return [
    ...(path === undefined ? [] : restLines(path)),
    ...(path === undefined ? [] : pathsOf(path)).map(
      ({ format, when }) =>
        `http-request set-path ${word(format)}${when.length === 0 ? '' : ` if ${when.join(' ')}`}`,
    ),
    ...(host === undefined ? [] : [`http-request set-header Host ${literalFormat(host)}`]),
  ]
}

function restLines(path: PathChange): string[] {
  if (path.type === 'full') return []
  const from = readPath(path.from).replace(/\/+$/, '')
  const rest = (of: string) => `http-request set-var(txn.rest) ${of},bytes(${Buffer.byteLength(from)})`
  const asWritten = [`{ path -m beg -- ${word(`${from}/`)} }`, `{ path -m str -- ${word(from)} }`]
  // As the client wrote it, where it wrote the prefix as the route does.
  return [rest('path'), `${rest('var(txn.path)')} if ${asWritten.map((one) => `!${one}`).join(' ')}`]
}

/** Formats, each with its conditions, which exclude each other. */
function pathsOf(path: PathChange): { format: string; when: string[] }[] {
  if (path.type === 'full') return [{ format: percent(path.value), when: [] }]
  const to = percent(path.value.replace(/\/+$/, ''))
  return [
    { format: `${to}%[${REST}]`, when: [SOME] },
    { format: path.value === '' ? '/' : percent(path.value), when: [NONE] },
  ]
}

function percent(text: string): string {
  return text.replaceAll('%', '%%')
}
