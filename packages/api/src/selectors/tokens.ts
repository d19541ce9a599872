// Splits the text of a label selector into tokens. One pass, no patterns.

export type TokenKind =
  | 'end'
  | 'error'
  | 'identifier'
  | 'in'
  | 'notin'
  | '('
  | ')'
  | ','
  | '!'
  | '='
  | '=='
  | '!='
  | '>'
  | '<'

export interface Token {
  kind: TokenKind
  text: string
}

const SPECIAL = '=!(),><'
const SPACE = ' \t\r\n'
const SYMBOLS: ReadonlySet<string> = new Set(['(', ')', ',', '!', '=', '==', '!=', '>', '<'])

/** The last token is always `end`. A NUL byte ends the text. */
export function tokenize(text: string): Token[] {
  const nul = text.indexOf('\0')
  const source = nul < 0 ? text : text.slice(0, nul)
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    const character = source[at]!
    if (SPACE.includes(character)) {
      at += 1
      continue
    }
    const token = SPECIAL.includes(character) ? symbolAt(source, at) : wordAt(source, at)
    tokens.push(token)
    at += token.text.length
  }
  tokens.push({ kind: 'end', text: '' })
  return tokens
}

/** The longest symbol that starts here; every special character alone is one. */
function symbolAt(source: string, at: number): Token {
  const two = source.slice(at, at + 2)
  const text = SYMBOLS.has(two) ? two : source[at]!
  return { kind: text as TokenKind, text }
}

function wordAt(source: string, at: number): Token {
  let end = at
  while (end < source.length && !SPECIAL.includes(source[end]!) && !SPACE.includes(source[end]!)) end += 1
  const text = source.slice(at, end)
  return { kind: text === 'in' || text === 'notin' ? text : 'identifier', text }
}
