// What goes wrong for the person at the keyboard: one sentence, and the command to run next.

export class UserError extends Error {
  override name = 'UserError'
  readonly next: string

  constructor(message: string, next: string, options?: { cause?: unknown }) {
    super(message, options)
    this.next = next
  }
}
