// The four forms of a YAML string, and which of them a text allows, as libyaml and go-yaml v2 decide and write them.

const BEST_WIDTH = 80

export interface Allowed {
  plain: boolean
  singleQuoted: boolean
  block: boolean
}

export interface Shape {
  /** Columns of continuation lines. */
  indent: number
  /** Where the text begins on its line. */
  column: number
  /** Long lines may be broken at spaces. */
  fold: boolean
}

const FIRST_INDICATORS = new Set([...'#,[]{}&*!|>\'"%@`'])
const ESCAPES: Readonly<Record<number, string>> = {
  0: '0',
  7: 'a',
  8: 'b',
  9: 't',
  10: 'n',
  11: 'v',
  12: 'f',
  13: 'r',
  27: 'e',
  34: '"',
  92: '\\',
  133: 'N',
  160: '_',
  8232: 'L',
  8233: 'P',
}

export function analyze(text: string): Allowed {
  if (text === '') return { plain: true, singleQuoted: true, block: false }
  const characters = [...text]
  const spaceBreak = / [\n\r\u0085\u2028\u2029]/.test(text)
  if (spaceBreak || characters.some((c) => !isPrintable(c.codePointAt(0)!))) {
    return { plain: false, singleQuoted: false, block: false }
  }
  const breakSpace = /[\n\r\u0085\u2028\u2029] /.test(text)
  const edges = /^[ \n\r\u0085\u2028\u2029]|[ \n\r\u0085\u2028\u2029]$/.test(text)
  const multiline = /[\n\r\u0085\u2028\u2029]/.test(text)
  return {
    plain: !edges && !breakSpace && !multiline && !hasIndicators(text, characters),
    singleQuoted: !breakSpace,
    block: !text.endsWith(' '),
  }
}

export function plain(text: string, shape: Shape): string {
  return foldAtSpaces(text, shape, () => true)
}

export function singleQuoted(text: string, shape: Shape): string {
  const inner = { ...shape, column: shape.column + 1 }
  const folded = foldAtSpaces(text.replaceAll("'", "''"), inner, (at, length) => at > 0 && at < length - 1)
  return `'${folded}'`
}

export function doubleQuoted(text: string, shape: Shape): string {
  const characters = [...text]
  let result = '"'
  let column = shape.column + 1
  let spaces = false
  for (const [i, c] of characters.entries()) {
    const code = c.codePointAt(0)!
    if (c === ' ') {
      const inside = i > 0 && i < characters.length - 1
      if (shape.fold && !spaces && column > BEST_WIDTH && inside) {
        result += `\n${' '.repeat(shape.indent)}`
        column = shape.indent
        if (characters[i + 1] === ' ') {
          result += '\\'
          column++
        }
      } else {
        result += ' '
        column++
      }
      spaces = true
      continue
    }
    const shown = isPrintable(code) && !isBreak(code) && c !== '"' && c !== '\\' ? c : escapeCode(code)
    result += shown
    column += [...shown].length
    spaces = false
  }
  return `${result}"`
}

/** `|`, hints, and the lines; a text that ends without a line break ends the same way. */
export function literal(text: string, indent: number): string {
  const indentHint = /^[ \n]/.test(text) ? '2' : ''
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : ''
  const margin = ' '.repeat(indent)
  const lines = text.split('\n').map((line) => (line === '' ? '' : margin + line))
  return `|${indentHint}${chomp}\n${lines.join('\n')}`
}

function foldAtSpaces(text: string, shape: Shape, mayBreak: (at: number, length: number) => boolean): string {
  const characters = [...text]
  let result = ''
  let column = shape.column
  let spaces = false
  for (const [i, c] of characters.entries()) {
    const breaks =
      c === ' ' &&
      shape.fold &&
      !spaces &&
      column > BEST_WIDTH &&
      characters[i + 1] !== ' ' &&
      mayBreak(i, characters.length)
    if (breaks) {
      result += `\n${' '.repeat(shape.indent)}`
      column = shape.indent
    } else {
      result += c
      column++
    }
    spaces = c === ' '
  }
  return result
}

function hasIndicators(text: string, characters: string[]): boolean {
  if (text.startsWith('---') || text.startsWith('...')) return true
  const isBlank = (c: string | undefined) => c === undefined || c === ' ' || c === '\t'
  return characters.some((c, i) => {
    const followed = isBlank(characters[i + 1])
    if (i === 0) return FIRST_INDICATORS.has(c) || ((c === '?' || c === ':' || c === '-') && followed)
    return (c === ':' && followed) || (c === '#' && isBlank(characters[i - 1]))
  })
}

function isBreak(code: number): boolean {
  return code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029
}

/** go-yaml's notion: no tab, nothing beyond the basic plane. */
function isPrintable(code: number): boolean {
  if (code === 10) return true
  if (code < 0x20 || code === 0x7f || code === 0xfeff) return false
  if (code <= 0x7e) return true
  return (code >= 0xa0 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd)
}

function escapeCode(code: number): string {
  const short = ESCAPES[code]
  if (short !== undefined) return `\\${short}`
  const hex = code.toString(16).toUpperCase()
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
