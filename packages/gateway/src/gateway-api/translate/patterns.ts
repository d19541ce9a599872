// Regular expressions of routes. They have to fit the whole value, and are of the kind that both RE2 and HAProxy know.

import { compilePattern, PatternError } from '@brume/api/structural/pattern'

/** For HAProxy; or what is wrong with it. */
export function wholePattern(source: string): { pattern: string } | { problem: string } {
  if (/[\p{Cc}]/u.test(source)) return { problem: 'has control characters' }
  try {
    compilePattern(source)
    return { pattern: `^(?:${source})$` }
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return { problem: `is no regular expression: ${error.message}` }
  }
}

/** Text that stands for itself in a regular expression. */
export function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
