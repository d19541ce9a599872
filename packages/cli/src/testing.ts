// Runs a command line in this process and keeps what it printed.

import { type Clock, systemClock } from '@brume/base/clock'
import type { Environment } from '@brume/client/kubeconfig'
import { main } from './main.ts'

export interface Ran {
  code: number
  out: string
  err: string
}

/** `answer` is typed at every question, or found when it is asked; without it there is no terminal to ask at. */
export async function brume(
  argv: readonly string[],
  env: Environment = {},
  answer?: string | (() => Promise<string>),
  clock: Clock = systemClock,
): Promise<Ran> {
  let [out, err] = ['', '']
  const code = await main(argv, {
    out: {
      write: (text) => {
        out += text
      },
      isTerminal: false,
    },
    err: {
      write: (text) => {
        err += text
      },
      isTerminal: false,
    },
    env,
    clock,
    ...(answer === undefined ? {} : { ask: typeof answer === 'string' ? async () => answer : answer }),
  })
  return { code, out, err }
}
