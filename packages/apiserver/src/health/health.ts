// /healthz, /livez and /readyz as kube-apiserver answers them: `ok`, or the failing checks by name, `?verbose` and
// `?exclude=`, and each check under its own path.

import type { ApiResponse, PathHandler } from '../http/types.ts'

export interface HealthCheck {
  name: string
  /** undefined: good; else one sentence for the server's administrators. */
  check(): string | undefined
  /** Which endpoints it counts for. */
  endpoints: readonly ('healthz' | 'livez' | 'readyz')[]
}

export function healthHandlers(checks: readonly HealthCheck[]): Map<string, PathHandler> {
  const handlers = new Map<string, PathHandler>()
  for (const endpoint of ['healthz', 'livez', 'readyz'] as const) {
    const own = checks.filter((check) => check.endpoints.includes(endpoint))
    handlers.set(`/${endpoint}`, (request) => {
      const excluded = new Set(request.query.getAll('exclude'))
      return answer(
        endpoint,
        own.filter(({ name }) => !excluded.has(name)),
        request.query.has('verbose'),
      )
    })
    for (const check of own)
      handlers.set(`/${endpoint}/${check.name}`, () => answer(endpoint, [check], false))
  }
  return handlers
}

function answer(endpoint: string, checks: readonly HealthCheck[], verbose: boolean): ApiResponse {
  const lines: string[] = []
  let failed = 0
  for (const { name, check } of checks) {
    const problem = check()
    if (problem !== undefined) failed++
    lines.push(problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`)
  }
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  if (failed === 0 && !verbose) return { status: 200, headers, body: 'ok' }
  const verdict = failed === 0 ? `${endpoint} check passed` : `${endpoint} check failed`
  return { status: failed === 0 ? 200 : 500, headers, body: `${lines.join('\n')}\n${verdict}\n` }
}
