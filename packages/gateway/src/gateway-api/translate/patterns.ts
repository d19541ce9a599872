// Regular expressions of routes: those that both RE2 and HAProxy read alike.

import { compilePattern, PatternError } from '@brume/api/structural/pattern'

/** What is wrong with it; undefined: nothing. */
export function patternProblem(source: string): string | undefined {
  if (/\p{Cc}/u.test(source)) return 'has control characters'
  try {
    compilePattern(source)
    return undefined
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return `is no regular expression: ${error.message}`
  }
}

/** Text that stands for itself in a regular expression. */
export function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
