import type { PodMemory } from './records.ts'

/** Milliseconds until the operation may be tried again; 0: now. */
export function setbackWait(memory: PodMemory, operation: string, now: number): number {
  const setback = memory.setbacks.get(operation)
  return setback === undefined ? 0 : Math.max(0, setback.retryAtMs - now)
}
