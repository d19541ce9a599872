// What a container wants to be done after it has started and before it is stopped.

import { type LifecycleHooks, type NodeContext, PodProblem } from '../contract.ts'
import { isCriError } from '../cri/connection.ts'
import { containerSubject } from '../event-subjects.ts'
import {
  type HttpGetAction,
  HttpGetError,
  httpGet,
  httpGetRequest,
  isPlainAnswer,
} from '../probes/http-get.ts'

type HookRequest = Parameters<LifecycleHooks['run']>[0]

/** A LifecycleHandler of the API. */
interface Handler {
  exec?: { command?: string[] }
  httpGet?: HttpGetAction
  sleep?: { seconds: number }
}

const FAILURES = {
  postStart: { reason: 'FailedPostStartHook', text: 'PostStartHook failed' },
  preStop: { reason: 'FailedPreStopHook', text: 'PreStopHook failed' },
} as const

export function lifecycleHooks(context: NodeContext): LifecycleHooks {
  return {
    async run(request) {
      const handler: Handler | undefined = request.container['lifecycle']?.[request.hook]
      if (handler === undefined) return
      const why = await within(context, request.timeoutMs, runHandler(context, request, handler))
      if (why === undefined) return
      const { reason, text } = FAILURES[request.hook]
      throw new PodProblem(reason, `${text}: ${why}`)
    },
  }
}

/** Why it failed, without anything that the container said: that may be secret. undefined: it did not. */
async function runHandler(
  context: NodeContext,
  request: HookRequest,
  handler: Handler,
): Promise<string | undefined> {
  if (handler.exec !== undefined) return runCommand(context, request, handler.exec.command ?? [])
  if (handler.httpGet !== undefined) return runHttpGet(context, request, handler.httpGet)
  if (handler.sleep !== undefined) {
    const ms = handler.sleep.seconds * 1000
    await new Promise<void>((resolve) => void context.clock.after(ms, resolve))
    return undefined
  }
  return 'the handler is neither exec, httpGet nor sleep (Kubernetes does not run tcpSocket as a hook)'
}

async function runCommand(
  { cri }: NodeContext,
  { containerId, timeoutMs }: HookRequest,
  command: string[],
): Promise<string | undefined> {
  try {
    const { exitCode } = await cri.execSync(containerId, command, Math.max(1, Math.ceil(timeoutMs / 1000)))
    return exitCode === 0 ? undefined : `the command ended with exit code ${exitCode}`
  } catch (error) {
    if (!isCriError(error)) throw error
    return error.message
  }
}

/** Any answer will do. A server without TLS that was asked with it is asked again without. */
async function runHttpGet(
  context: NodeContext,
  { pod, container, podIp, timeoutMs }: HookRequest,
  action: HttpGetAction,
): Promise<string | undefined> {
  try {
    const request = httpGetRequest(action, container, { podIp, purpose: 'lifecycle' })
    try {
      await httpGet(request, timeoutMs)
    } catch (error) {
      if (!(error instanceof HttpGetError && isPlainAnswer(error))) throw error
      const url = new URL(request.url.href.replace(/^https:/, 'http:'))
      const { authorization: _, ...headers } = request.headers
      await httpGet({ url, headers }, timeoutMs)
      const message = `request to HTTPS lifecycle hook ${url.host} got HTTP response, retry with HTTP succeeded`
      const subject = containerSubject(pod, container.name)
      context.event(subject, { type: 'Warning', reason: 'LifecycleHTTPFallback', message })
    }
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** The hook's own end, or that it took too long. */
function within(
  { clock }: NodeContext,
  timeoutMs: number,
  hook: Promise<string | undefined>,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeoutMs, () => resolve(`it has not ended within ${timeoutMs / 1000} s`))
    hook.then(resolve, reject).finally(() => timer.cancel())
  })
}
