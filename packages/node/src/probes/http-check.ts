// httpGet: an answer from 200 to 399.

import type { ContainerSpec } from '../contract.ts'
import { type HttpGetAction, HttpGetError, httpGet, httpGetRequest } from './http-get.ts'
import { failure, type Outcome, success } from './outcome.ts'

/** The body of a refusal is not told: it may hold secrets that whoever reads events is not to see. */
export async function checkHttp(
  action: HttpGetAction,
  container: ContainerSpec,
  { podIp, timeoutMs }: { podIp: string; timeoutMs: number },
): Promise<Outcome> {
  try {
    const request = httpGetRequest(action, container, { podIp, purpose: 'probe' })
    const { status, body } = await httpGet(request, timeoutMs)
    if (status < 200 || status >= 400) return failure(`HTTP probe failed with statuscode: ${status}`)
    if (status < 300) return success(body)
    return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` }
  } catch (error) {
    if (error instanceof HttpGetError) return failure(error.message)
    return { result: 'error', output: (error as Error).message }
  }
}
