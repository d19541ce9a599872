// The parent's side of a load process: its jobs as functions.

import { type ChildProcess, fork } from 'node:child_process'
import type { Jobs } from './jobs.ts'

const JOB_LIMIT_MS = 300_000

export class LoadProcess implements Jobs {
  readonly #child: ChildProcess

  constructor() {
    this.#child = fork(new URL('./load.ts', import.meta.url), { execArgv: ['--max-semi-space-size=64'] })
  }

  requests: Jobs['requests'] = (job) => this.#ask('requests', job)
  watch: Jobs['watch'] = (job) => this.#ask('watch', job)
  watched: Jobs['watched'] = () => this.#ask('watched')
  unwatch: Jobs['unwatch'] = () => this.#ask('unwatch')

  stop(): void {
    this.#child.disconnect()
  }

  #ask<T>(job: keyof Jobs, ...args: unknown[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer)
        this.#child.off('message', onMessage).off('exit', onExit)
        finish()
      }
      const onMessage = (answer: { result?: T; error?: string }) =>
        settle(() =>
          answer.error === undefined ? resolve(answer.result as T) : reject(new Error(answer.error)),
        )
      const onExit = () => settle(() => reject(new Error(`the load process ended during ${job}`)))
      const timer = setTimeout(
        () => settle(() => reject(new Error(`${job} took longer than ${JOB_LIMIT_MS / 1000} s`))),
        JOB_LIMIT_MS,
      )
      this.#child.on('message', onMessage).on('exit', onExit)
      this.#child.send({ job, args })
    })
  }
}
