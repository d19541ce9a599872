// Closed-loop load: each writer waits for its write before it sends the next.

export interface Measured {
  perSecond: number
  p50Ms: number
  p99Ms: number
}

export interface Load {
  writers: number
  durationMs: number
  /** One write, resolved when it is acknowledged. `n` counts all writes. */
  write(n: number): Promise<unknown>
}

export async function measure({ writers, durationMs, write }: Load): Promise<Measured> {
  const latencies: number[] = []
  const start = performance.now()
  const end = start + durationMs
  let n = 0
  const loop = async () => {
    for (let sent = performance.now(); sent < end; ) {
      await write(n++)
      const acknowledged = performance.now()
      latencies.push(acknowledged - sent)
      sent = acknowledged
    }
  }
  await Promise.all(Array.from({ length: writers }, loop))
  const seconds = (performance.now() - start) / 1000
  latencies.sort((a, b) => a - b)
  return {
    perSecond: latencies.length / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  }
}

/** The round whose throughput is the median. */
export function medianRound(rounds: readonly Measured[]): Measured {
  const sorted = rounds.toSorted((a, b) => a.perSecond - b.perSecond)
  return sorted[Math.floor((sorted.length - 1) / 2)]!
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
}
