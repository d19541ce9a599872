// $(NAME) in commands, arguments, variables and subPathExpr (Kubernetes' expansion syntax): $$ is a dollar sign, and
// what is not a reference stays as it is.

/** `resolve` gives undefined for a name it does not know: the reference then stays as it was written. */
export function expand(text: string, resolve: (name: string) => string | undefined): string {
  let out = ''
  let at = 0
  for (;;) {
    const dollar = text.indexOf('$', at)
    if (dollar < 0 || dollar + 1 >= text.length) return out + text.slice(at)
    out += text.slice(at, dollar)
    const next = text[dollar + 1]
    if (next === '$') {
      out += '$'
      at = dollar + 2
    } else if (next === '(') {
      const close = text.indexOf(')', dollar + 2)
      if (close < 0) {
        out += '$('
        at = dollar + 2
      } else {
        const name = text.slice(dollar + 2, close)
        out += resolve(name) ?? `$(${name})`
        at = close + 1
      }
    } else {
      // The letter after the dollar is never the start of a reference.
      out += `$${next}`
      at = dollar + 2
    }
  }
}

/** Names are looked up in each of the maps, the first one first. */
export function lookup(...maps: ReadonlyMap<string, string>[]): (name: string) => string | undefined {
  return (name) => {
    for (const map of maps) {
      const value = map.get(name)
      if (value !== undefined) return value
    }
    return undefined
  }
}
