// Patterns of custom resources: RE2, as Kubernetes reads them, matched in linear time whatever the author wrote. Linear
// is not enough when both pattern and text are large, so the work on one object is bounded too.

import { lazyModule } from '@brume/base/lazy-module'
import type { RE2JS } from 're2js'

const MAX_PATTERN_LENGTH = 16_384
/** Instructions times characters, for all patterns of one validation: at worst some seconds, usually milliseconds. */
const MAX_MATCH_STEPS = 1e8
/** Compiled ones that are shared: the same few stand in every schema of a kind, and each takes 12 KB. */
const MAX_SHARED = 500

const re2js = lazyModule<typeof import('re2js')>('re2js', import.meta.url)

let stepsLeft = MAX_MATCH_STEPS

export interface Pattern {
  source: string
  /** Anywhere in the text. false, too, when the work that one validation may take is done: see isPatternWorkSpent. */
  test(text: string): boolean
}

const shared = new Map<string, Pattern>()

/** Throws PatternError, whose message says what is wrong in RE2's words. */
export function compilePattern(source: string): Pattern {
  const known = shared.get(source)
  if (known !== undefined) return known
  const pattern = compiled(source)
  if (shared.size === MAX_SHARED) shared.delete(shared.keys().next().value!)
  shared.set(source, pattern)
  return pattern
}

function compiled(source: string): Pattern {
  if (source.length > MAX_PATTERN_LENGTH) {
    throw new PatternError(`the pattern is longer than ${MAX_PATTERN_LENGTH} characters`)
  }
  let engine: RE2JS
  try {
    engine = re2js().RE2JS.compile(source)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new PatternError(error.message, { cause: error })
  }
  const size = engine.programSize()
  return {
    source,
    test(text) {
      stepsLeft -= size * (text.length + 1)
      return stepsLeft >= 0 && engine.test(text)
    },
  }
}

/** A new validation begins. */
export function resetPatternWork(): void {
  stepsLeft = MAX_MATCH_STEPS
}

/** Patterns were not checked any more since the last reset. */
export function isPatternWorkSpent(): boolean {
  return stepsLeft < 0
}

export class PatternError extends Error {
  override name = 'PatternError'
}
