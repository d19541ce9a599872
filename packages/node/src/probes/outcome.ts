// What one look at a container gave.

export interface Outcome {
  /**
   * warning: passed, and something is odd. error: the look itself could not be made, which says nothing about the
   * container.
   */
  result: 'success' | 'warning' | 'failure' | 'error'
  /** Why, for the event. */
  output: string
}

/** As Kubernetes reads responses and output: no more than 10 KB. */
export const MAX_OUTPUT_BYTES = 10 * 1024

export const success = (output = ''): Outcome => ({ result: 'success', output })
export const failure = (output: string): Outcome => ({ result: 'failure', output })
