// Doing the same thing many times, carefully at first: when the first call is refused (a quota), the rest is not tried.

/** 1, 2, 4, 8... calls at once until all succeeded; throws the first error of the first batch with one. */
export async function slowStart(count: number, call: (index: number) => Promise<void>): Promise<void> {
  let done = 0
  for (let batch = 1; done < count; batch *= 2) {
    const size = Math.min(batch, count - done)
    const from = done
    await all(size, (index) => call(from + index))
    done += size
  }
}

/** All at once; throws the first error when every call has ended. */
export async function all(count: number, call: (index: number) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(Array.from({ length: count }, (_, index) => call(index)))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
