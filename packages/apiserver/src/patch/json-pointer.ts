// JSON pointers (RFC 6901) and the array indexes of JSON patch.

/** The unescaped tokens, or undefined when the text is not a pointer. '' is the whole document. */
export function parsePointer(text: string): string[] | undefined {
  if (text === '') return []
  if (text[0] !== '/') return undefined
  const tokens = text.slice(1).split('/')
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    if (token.includes('~')) tokens[i] = token.replaceAll('~1', '/').replaceAll('~0', '~')
  }
  return tokens
}

/**
 * The index that a token means, or -1. Indexes count from 0 to `last`; negative ones count back from the end, which
 * Kubernetes accepts beyond the RFC: -1 is `last`.
 */
export function arrayIndex(token: string, last: number): number {
  if (!/^-?(0|[1-9][0-9]{0,8})$/.test(token)) return -1
  const index = Number(token)
  if (index > last) return -1
  if (index >= 0 && token[0] !== '-') return index
  const fromEnd = last + 1 + index
  return fromEnd >= 0 && fromEnd <= last ? fromEnd : -1
}
