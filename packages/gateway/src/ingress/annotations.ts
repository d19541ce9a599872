// What the annotations of an Ingress ask for, and what of it is not served.

import type { KubeObject } from '@brume/api/object'
import type { Problem } from '../source.ts'

export const PROTOCOL = 'brume.dev/backend-protocol'
export const REDIRECT = 'brume.dev/redirect-to-https'
export const TIMEOUT = 'brume.dev/timeout-seconds'
const MAX_TIMEOUT_SECONDS = 86_400

export interface IngressOptions {
  /** Plain HTTP is sent to HTTPS. */
  redirectToHttps: boolean
  protocol: 'http' | 'h2c' | 'https'
  timeoutMs: number | undefined
}

/** `tls`: the Ingress names certificates. */
export function optionsOf(
  ingress: KubeObject,
  tls: boolean,
): { options: IngressOptions; problems: Problem[] } {
  const annotations = ingress.metadata.annotations ?? {}
  const problems: Problem[] = []
  const wrong = (name: string, allowed: string) => {
    const message = `annotation ${name}: ${JSON.stringify(annotations[name])} is not ${allowed}; it is left out`
    problems.push({ object: ingress, reason: 'InvalidAnnotation', message })
  }
  const protocol = annotations[PROTOCOL] ?? 'http'
  const known = protocol === 'http' || protocol === 'h2c' || protocol === 'https'
  if (!known) wrong(PROTOCOL, 'http, h2c or https')
  const timeout = annotations[TIMEOUT] === undefined ? undefined : Number(annotations[TIMEOUT])
  const usable =
    timeout === undefined || (Number.isInteger(timeout) && timeout > 0 && timeout <= MAX_TIMEOUT_SECONDS)
  if (!usable) wrong(TIMEOUT, `a whole number from 1 to ${MAX_TIMEOUT_SECONDS}`)
  return {
    options: {
      redirectToHttps: annotations[REDIRECT] === undefined ? tls : annotations[REDIRECT] === 'true',
      protocol: known ? protocol : 'http',
      timeoutMs: usable && timeout !== undefined ? timeout * 1000 : undefined,
    },
    problems,
  }
}
