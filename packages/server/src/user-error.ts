// What goes wrong for the person at the keyboard: one sentence, and the command to run next.

export class UserError extends Error {
  override name = 'UserError'
  readonly next: string
  /** 1 failed, 2 wrong usage. */
  readonly exitCode: number

  constructor(message: string, next: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, options)
    this.next = next
    this.exitCode = options.exitCode ?? 1
  }
}
