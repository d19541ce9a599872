// What the agent answers instead of what was asked: a status and a sentence, which the API server passes on.

export class AgentError extends Error {
  override name = 'AgentError'
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}
