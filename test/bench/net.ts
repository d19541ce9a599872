// `./brume bench net`: what a Service costs against the pod's own address and against loopback, and how long one change
// takes with many Services, in a network namespace of its own with the node's real rules; and the edge against plain HAProxy
// and nginx. Ratios of one run.

import { join } from 'node:path'
import { findExecutable } from '@brume/machine/executables'
import { run as runCommand } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'
import { measureEdge } from './net/edge.ts'

export interface Measured {
  /** Requests a second, each on a connection of its own. */
  loopback: number
  pod: number
  service: number
  changes: readonly { services: number; loadMs: number; changeMs: number }[]
  /** One element of a map alone in its table: what nft itself takes. */
  bareMs: number
}

const LIMIT_MS = 300_000

export async function run(): Promise<void> {
  const missing = whyNoContainers()
  if (missing !== undefined) throw new Error(`bench net cannot measure here: ${missing}`)
  const child = join(import.meta.dirname, 'net/in-namespace.ts')
  const { stdout } = await runCommand(['unshare', '--net', process.execPath, child], { timeoutMs: LIMIT_MS })
  const { loopback, pod, service, changes, bareMs }: Measured = JSON.parse(stdout)
  const line = (what: string, value: string) => process.stdout.write(`${what.padEnd(60)} ${value}\n`)
  const rate = (perSecond: number) => `${Math.round(perSecond)}/s`
  line('requests, each a new connection: loopback', rate(loopback))
  line('  pod to pod', `${rate(pod)}, ${(pod / loopback).toFixed(2)} of loopback`)
  line('  pod to Service', `${rate(service)}, ${(service / pod).toFixed(2)} of pod to pod`)
  line('nft, one element in a small table', `${bareMs.toFixed(1)} ms`)
  for (const { services, loadMs, changeMs } of changes) {
    const ratio = (changeMs / bareMs).toFixed(2)
    line(
      `one change among ${services} Services`,
      `${changeMs.toFixed(1)} ms, ${ratio} of that (all of them at once: ${Math.round(loadMs)} ms)`,
    )
  }
  await runEdge(line)
}

async function runEdge(line: (what: string, value: string) => void): Promise<void> {
  if (findExecutable('haproxy') === undefined)
    return line('the edge', 'not measured: haproxy is not installed')
  const { client, peers, missing } = await measureEdge()
  line(
    'through a proxy, connections that stay',
    `asked by ${client === 'wrk' ? 'wrk' : 'Node: install wrk for more'}`,
  )
  const [first] = peers
  for (const { name, perSecond, cpuMicros } of peers) {
    const ratio = (perSecond / first!.perSecond).toFixed(2)
    const cpu = `${cpuMicros.toFixed(1)} us of CPU each, ${(cpuMicros / first!.cpuMicros).toFixed(2)}`
    line(`  ${name}`, `${Math.round(perSecond)}/s, ${ratio}; ${cpu}`)
  }
  for (const name of missing) line(`  ${name}`, 'not measured: it is not installed')
}
