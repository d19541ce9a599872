// What commands that run in the foreground have in common.

/** The signal that ends them, when it comes. */
export function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal))
  })
}

/** Progress is for people, and no part of what programs read. */
export function say(line: string): void {
  process.stderr.write(`brume: ${line}\n`)
}
