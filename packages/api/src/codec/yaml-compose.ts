// The YAML library's parser, driven token by token so that nesting and a second document are noticed early.

import { Composer, type CST, type Document, Lexer, LineCounter, Parser } from 'yaml'
import { DecodeError } from '../schema/decode-error.ts'

/** Tokens open at once in the parser: a few for each level of nesting. */
const MAX_OPEN_TOKENS = 3000

const MAX_DIRECTIVES = 100
/** Anchors, aliases and tags: a pile of them at one place costs the composer dearly. */
const MAX_PROPERTIES = 10_000
/** The lexer's mark that the next lexeme is a scalar's text. */
const SCALAR_FOLLOWS = '\u001f'

/** Scalars are left as text: what they mean is yaml-scalar.ts's business. */
const OPTIONS = { schema: 'failsafe', uniqueKeys: false, strict: false, logLevel: 'silent' } as const

/** The only document of the text; none when there are but comments. Throws DecodeError. */
export function composeYaml(text: string): { document: Document | undefined; lines: LineCounter } {
  const lines = new LineCounter()
  lines.addNewLine(0)
  const composer = new Composer(OPTIONS)
  const documents: Document[] = []
  try {
    for (const token of tokens(text, lines)) {
      for (const document of composer.next(token)) documents.push(check(document, documents.length, lines))
    }
    for (const document of composer.end(false, text.length)) {
      documents.push(check(document, documents.length, lines))
    }
  } catch (error) {
    // The composer walks nested collections by recursion.
    if (error instanceof RangeError) throw tooDeep()
    throw error
  }
  return { document: documents[0], lines }
}

/** Documents and what is between them; ends at the first token that fits nowhere. */
function* tokens(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine)
  const open = (parser as unknown as { stack: unknown[] }).stack
  let directives = 0
  let properties = 0
  let before = ''
  for (const lexeme of new Lexer().lex(text)) {
    if (before !== SCALAR_FOLLOWS && /^[&*!]/.test(lexeme) && ++properties > MAX_PROPERTIES) {
      throw new DecodeError('yaml: too many anchors, aliases and tags')
    }
    before = lexeme
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') throw atLine(lines, token.offset, token.message)
      if (token.type === 'directive' && ++directives > MAX_DIRECTIVES) {
        throw atLine(lines, token.offset, 'too many directives')
      }
      yield token
    }
    if (open.length > MAX_OPEN_TOKENS) throw tooDeep()
  }
  yield* parser.end()
}

function check(document: Document, before: number, lines: LineCounter): Document {
  if (before > 0) throw new DecodeError('yaml: the body holds more than one document')
  const wrong = document.errors[0]
  if (wrong === undefined) return document
  if (wrong.message.includes('call stack')) throw tooDeep()
  throw atLine(lines, wrong.pos[0], wrong.message)
}

function atLine(lines: LineCounter, offset: number, message: string): DecodeError {
  return new DecodeError(`yaml: line ${lines.linePos(offset).line}: ${message}`)
}

function tooDeep(): DecodeError {
  return new DecodeError('yaml: exceeded max depth')
}
