// Lists in pages, with a Link to the next one.

import type { RegistryRequest } from './types.ts'

const MAX_PAGE = 10_000

/** `names` sorted by code unit; `n` and `last` of the request. */
export function page(
  names: readonly string[],
  { query, path }: Pick<RegistryRequest, 'query' | 'path'>,
): { names: string[]; headers: Record<string, string> } {
  const last = query.get('last') ?? ''
  const asked = query.get('n') ?? ''
  const size = /^\d{1,9}$/.test(asked) ? Math.min(Number(asked), MAX_PAGE) : MAX_PAGE
  const rest = last === '' ? names : names.filter((name) => name > last)
  const shown = rest.slice(0, size)
  if (shown.length === rest.length || shown.length === 0) return { names: shown, headers: {} }
  const next = new URLSearchParams({ n: String(size), last: shown.at(-1)! })
  return { names: shown, headers: { link: `<${path}?${next}>; rel="next"` } }
}
