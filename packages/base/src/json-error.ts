// What parsing JSON may throw, and the limit it enforces.

/** Deeper documents are refused, so that every recursive walk over a parsed value is safe. */
export const MAX_JSON_DEPTH = 1000

export class JsonError extends Error {
  override name = 'JsonError'
  /** Characters from the beginning of the text. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}
