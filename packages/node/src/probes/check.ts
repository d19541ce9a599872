// One look at a container by what its probe says.

import type { ContainerSpec } from '../contract.ts'
import type { Cri } from '../cri/cri.ts'
import { checkExec } from './exec-check.ts'
import { checkGrpc } from './grpc-check.ts'
import { checkHttp } from './http-check.ts'
import type { HttpGetAction } from './http-get.ts'
import type { Outcome } from './outcome.ts'
import { containerPort, unknownPort } from './ports.ts'
import { checkTcp } from './tcp-check.ts'

/** A Probe of the API, with its defaults. */
export interface ProbeSpec {
  exec?: { command?: string[] }
  httpGet?: HttpGetAction
  tcpSocket?: { port: number | string; host?: string }
  grpc?: { port: number; service?: string | null }
  initialDelaySeconds?: number
  timeoutSeconds?: number
  periodSeconds?: number
  successThreshold?: number
  failureThreshold?: number
}

export interface CheckTarget {
  container: ContainerSpec
  containerId: string
  podIp: string
}

/** A look that could not be made is tried again so often at once, as the kubelet does. */
const TRIES = 3

/** Never throws for anything that the container or the network does. */
export async function check(
  cri: Pick<Cri, 'execSync'>,
  probe: ProbeSpec,
  target: CheckTarget,
): Promise<Outcome> {
  let outcome: Outcome = { result: 'error', output: '' }
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      outcome = await checkOnce(cri, probe, target)
    } catch (error) {
      // A host that is none, an address that the pod does not have (yet): nothing in a pod ends this process.
      outcome = { result: 'error', output: error instanceof Error ? error.message : String(error) }
    }
    if (outcome.result !== 'error') break
  }
  return outcome
}

async function checkOnce(
  cri: Pick<Cri, 'execSync'>,
  probe: ProbeSpec,
  { container, containerId, podIp }: CheckTarget,
): Promise<Outcome> {
  const timeoutSeconds = probe.timeoutSeconds ?? 1
  const timeoutMs = timeoutSeconds * 1000
  if (probe.exec !== undefined) {
    return checkExec(cri, { command: probe.exec.command ?? [], container, containerId }, timeoutSeconds)
  }
  if (probe.httpGet !== undefined) return checkHttp(probe.httpGet, container, { podIp, timeoutMs })
  if (probe.tcpSocket !== undefined) {
    const { host, port: wanted } = probe.tcpSocket
    const port = containerPort(wanted, container)
    if (port === undefined) return { result: 'error', output: unknownPort(wanted) }
    const to = host === undefined || host === '' ? podIp : host
    if (to === '') return { result: 'error', output: 'the pod has no address' }
    return checkTcp(to, port, timeoutMs)
  }
  if (probe.grpc !== undefined) {
    const { port, service } = probe.grpc
    return checkGrpc({ host: podIp, port, service: service ?? '' }, timeoutMs)
  }
  return { result: 'error', output: `missing probe handler for ${container.name}` }
}
