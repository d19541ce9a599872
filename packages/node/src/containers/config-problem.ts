// A container that cannot be made as its pod says.

import { PodProblem } from '../contract.ts'

export function configProblem(message: string, cause?: unknown): PodProblem {
  return new PodProblem('CreateContainerConfigError', message, { cause })
}
