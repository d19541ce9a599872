// The YAML library's parser, driven token by token so that nesting and a second document are noticed early.

import { Composer, type Document, Lexer, LineCounter, Parser } from 'yaml'
import { DecodeError } from '../schema/decode-error.ts'

/** Tokens open at once in the parser: a few for each level of nesting. */
const MAX_OPEN_TOKENS = 3000

/** Scalars are left as text: what they mean is yaml-scalar.ts's business. */
const OPTIONS = { schema: 'failsafe', uniqueKeys: false, strict: false, logLevel: 'silent' } as const

/** The only document of the text; none when there are but comments. Throws DecodeError. */
export function composeYaml(text: string): { document: Document | undefined; lines: LineCounter } {
  const lines = new LineCounter()
  const documents = compose(text, lines)
  const [first, second] = documents
  const wrong = first?.errors[0]
  if (wrong !== undefined) {
    if (wrong.message.includes('call stack')) throw tooDeep()
    throw new DecodeError(`yaml: line ${lines.linePos(wrong.pos[0]).line}: ${wrong.message}`)
  }
  if (second !== undefined) throw new DecodeError('yaml: the body holds more than one document')
  return { document: first, lines }
}

function compose(text: string, lines: LineCounter): Document[] {
  const composer = new Composer(OPTIONS)
  const parser = new Parser(lines.addNewLine)
  const open = (parser as unknown as { stack: unknown[] }).stack
  const documents: Document[] = []
  lines.addNewLine(0)
  try {
    for (const lexeme of new Lexer().lex(text)) {
      for (const token of parser.next(lexeme)) documents.push(...composer.next(token))
      if (open.length > MAX_OPEN_TOKENS) throw tooDeep()
    }
    for (const token of parser.end()) documents.push(...composer.next(token))
    documents.push(...composer.end(false, text.length))
  } catch (error) {
    // The composer walks nested collections by recursion.
    if (error instanceof RangeError) throw tooDeep()
    throw error
  }
  return documents
}

function tooDeep(): DecodeError {
  return new DecodeError('yaml: exceeded max depth')
}
