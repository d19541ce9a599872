// Whether the container runtime can start containers. One call that fails is no verdict: the runtime may be restarting,
// which takes a second and concerns nobody.

import type { Clock } from '@brume/base/clock'
import type { Cri } from '../cri/cri.ts'

export interface RuntimeHealth {
  /** `containerd://1.6.20`, as of the last answer. */
  readonly version: string
  /** Why no container can be started. */
  readonly problems: readonly string[]
  /** The runtime did not answer the last time: look again soon. */
  readonly isDoubtful: boolean
  check(): Promise<void>
}

/** So many failures in a row, and it is down. */
const FAILURES = 3
const ANSWER_LIMIT_MS = 10_000
const MAX_CAUSE = 300

export function runtimeHealth(cri: Pick<Cri, 'status' | 'version'>, clock: Clock): RuntimeHealth {
  let version = ''
  let failures = 0
  let hasAnswered = false
  let problems: readonly string[] = ['the container runtime has not been asked yet']
  return {
    get version() {
      return version
    },
    get problems() {
      return problems
    },
    get isDoubtful() {
      return failures > 0
    },
    async check() {
      try {
        const { status } = await within(clock, cri.status())
        if (version === '' || failures > 0) version = versionText(await within(clock, cri.version()))
        failures = 0
        hasAnswered = true
        problems = problemsOf(status?.conditions ?? [])
      } catch (error) {
        failures++
        if (hasAnswered && failures < FAILURES) return
        const cause = error instanceof Error ? error.message : String(error)
        problems = [`container runtime is down: ${cause.slice(0, MAX_CAUSE)}`]
      }
    },
  }
}

interface RuntimeCondition {
  type?: string
  status?: boolean
  reason?: string
  message?: string
}

function problemsOf(conditions: readonly RuntimeCondition[]): string[] {
  const of = (type: string) => conditions.find((condition) => condition.type === type)
  const told = ({ type, reason, message }: RuntimeCondition) =>
    `${type}=false reason:${reason ?? ''} message:${message ?? ''}`
  const problems: string[] = []
  const runtime = of('RuntimeReady')
  if (runtime?.status !== true) {
    problems.push(`container runtime not ready: ${told(runtime ?? { type: 'RuntimeReady' })}`)
  }
  const network = of('NetworkReady')
  if (network?.status !== true) {
    problems.push(`container runtime network not ready: ${told(network ?? { type: 'NetworkReady' })}`)
  }
  return problems
}

function versionText({ runtimeName = '', runtimeVersion = '' }): string {
  // containerd of a distribution says 1.6.20~ds1, and with a "v" when it was built elsewhere.
  return `${runtimeName}://${runtimeVersion.replace(/^v/, '')}`
}

function within<T>(clock: Clock, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ANSWER_LIMIT_MS, () => {
      reject(new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`))
    })
    answer.then(resolve, reject).finally(() => timer.cancel())
  })
}
