// Patterns of custom resources: RE2, as Kubernetes reads them, matched in linear time whatever the author wrote.

import { RE2JS } from 're2js'

const MAX_PATTERN_LENGTH = 16_384
/** Steps that one match may take: instructions of the pattern times characters of the text. */
const MAX_MATCH_STEPS = 1e9

export interface Pattern {
  source: string
  /** Anywhere in the text. A text that is too long for so large a pattern does not match. */
  test(text: string): boolean
}

/** Throws PatternError, whose message says what is wrong in RE2's words. */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new PatternError(`the pattern is longer than ${MAX_PATTERN_LENGTH} characters`)
  }
  let engine: RE2JS
  try {
    engine = RE2JS.compile(source)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new PatternError(error.message, { cause: error })
  }
  const size = engine.programSize()
  return {
    source,
    test: (text) => size * text.length <= MAX_MATCH_STEPS && engine.test(text),
  }
}

export class PatternError extends Error {
  override name = 'PatternError'
}
