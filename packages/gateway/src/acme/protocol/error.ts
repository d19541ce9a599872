// What goes wrong between us and a CA, in one form: its own problem documents (RFC 7807, RFC 8555 section 6.7), and a
// CA that is not reached or does not answer as the RFC says.

/** As the CA sends it; nothing of it is believed to be short or clean. */
export interface Problem {
  type?: string
  detail?: string
  identifier?: { type?: string; value?: string }
  subproblems?: Problem[]
}

/** `unreachable`, `malformed`: ours. Otherwise what follows `urn:ietf:params:acme:error:`, or `server` for others. */
export type AcmeErrorType = string

const PREFIX = 'urn:ietf:params:acme:error:'
const MAX_DETAIL = 400

export class AcmeError extends Error {
  override readonly name = 'AcmeError'
  readonly type: AcmeErrorType
  /** The CA wants to be left alone for so long. */
  readonly retryAfterMs: number | undefined

  constructor(
    type: AcmeErrorType,
    message: string,
    { retryAfterMs, cause }: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? {} : { cause })
    this.type = type
    this.retryAfterMs = retryAfterMs
  }
}

/** The problem that says most: of several names the first that has one of its own. */
export function problemError(problem: Problem, retryAfterMs?: number): AcmeError {
  const said = problem.subproblems?.find(({ type }) => typeof type === 'string') ?? problem
  const type = String(said.type ?? '')
  const name = typeof said.identifier?.value === 'string' ? `${said.identifier.value}: ` : ''
  const detail = printable(`${name}${said.detail ?? (type || 'no reason was given')}`)
  return new AcmeError(type.startsWith(PREFIX) ? type.slice(PREFIX.length) : 'server', detail, {
    retryAfterMs,
  })
}

/** One line of bounded length, for Events and logs. */
export function printable(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_DETAIL)
}
