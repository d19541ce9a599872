// Logs are lines for people and machines alike: time, level, message, key=value pairs, on standard error.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

/** A logger that writes lines of at least `level` through `write` (default: standard error). */
export function createLogger(
  level: LogLevel = 'info',
  write: (line: string) => void = (line) => process.stderr.write(line),
): Logger {
  const log = (at: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    if (ORDER[at] < ORDER[level]) return
    write(`${new Date().toISOString()} ${at.toUpperCase().padEnd(5)} ${message}${formatFields(fields)}\n`)
  }
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

/** Drops everything: for tests and for embedding. */
export const silentLogger: Logger = createLogger('error', () => {})

function formatFields(fields: Record<string, unknown> | undefined): string {
  if (fields === undefined) return ''
  let text = ''
  for (const [key, value] of Object.entries(fields)) {
    const shown = value instanceof Error ? (value.stack ?? value.message) : value
    text += ` ${key}=${typeof shown === 'string' && /^[\w./:@-]+$/.test(shown) ? shown : JSON.stringify(shown)}`
  }
  return text
}
