// What a check found out.

export interface Finding {
  /** A word or two: `disk`, `control groups`. */
  check: string
  /** A problem keeps containers from running; a warning does not. */
  level: 'ok' | 'warning' | 'problem'
  /** One sentence without a full stop. */
  message: string
  /** How to mend it: a command, or a deed in words. */
  next?: string
}

export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message })

export const warning = (check: string, message: string, next: string): Finding => ({
  check,
  level: 'warning',
  message,
  next,
})

export const problem = (check: string, message: string, next: string): Finding => ({
  check,
  level: 'problem',
  message,
  next,
})

export function problemsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ level }) => level === 'problem')
}

/** Each on a line, and how to mend it below. What is well is left out unless `all`. */
export function printFindings(findings: readonly Finding[], all = false): string {
  const MARKS = { ok: 'ok     ', warning: 'warning', problem: 'problem' }
  return findings
    .filter(({ level }) => all || level !== 'ok')
    .map(({ check, level, message, next }) => {
      const line = `${MARKS[level]}  ${check}: ${message}\n`
      return next === undefined ? line : `${line}         next: ${next}\n`
    })
    .join('')
}
