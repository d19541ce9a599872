// What draining and removing have in common: the options, the refusals, and emptying with progress and an end.

import type { KubeObject } from '@brume/api/object'
import { type ParsedCommand, UsageError } from '@brume/base/command-line'
import type { Client } from '@brume/client/client'
import { CommandError, type Io } from '../command.ts'
import { DEFAULT_DRAIN_SECONDS } from '../commands/node/specs.ts'
import { type BoundVolume, claimsOf, volumeText } from './bound-volumes.ts'
import { setCordoned } from './cordon.ts'
import { drain, planDrain, type Remaining } from './drain.ts'
import { type DrainOptions, type DrainPlan, podName, type Refused } from './drain-plan.ts'

export interface EmptyOptions extends DrainOptions {
  graceSeconds: number | undefined
  limitMs: number
}

const MAX_SECONDS = 86_400

/** Throws UsageError. */
export function emptyOptions({ command, options }: ParsedCommand): EmptyOptions {
  const seconds = (option: string, least: number): number | undefined => {
    const text = options[option]
    if (text === undefined) return undefined
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= MAX_SECONDS) return value
    throw new UsageError(
      `--${option} is a whole number of seconds from ${least} to ${MAX_SECONDS}, not "${text}". See: ./brume ${command.name} --help`,
    )
  }
  return {
    force: options['force'] !== undefined,
    deleteEmptyDirData: options['delete-emptydir-data'] !== undefined,
    graceSeconds: seconds('grace-period', 0),
    limitMs: (seconds('timeout', 1) ?? DEFAULT_DRAIN_SECONDS) * 1000,
  }
}

/**
 * Throws CommandError, naming the options, when something would be lost that nobody allowed to lose. `state`: what became
 * of the node so far.
 */
export function checkPlan(
  { refused }: DrainPlan,
  { command, words, options }: ParsedCommand,
  state = 'left as it is',
): void {
  if (refused.length === 0) return
  const [name] = words
  const given = ['force', 'delete-emptydir-data'].filter((option) => options[option] !== undefined)
  const flags = [...new Set([...given.map((option) => `--${option}`), ...refused.map(({ flag }) => flag)])]
  const lines = refused.map(({ pod, why, flag }: Refused) => `\n    ${podName(pod)}: ${why} (${flag})`)
  throw new CommandError(
    `${name} is ${state}; this would be lost:${lines.join('')}`,
    `./brume ${command.name} ${name} ${flags.join(' ')}   (lets it go)`,
  )
}

/**
 * Cordons the node and waits until it is empty; returns how many pods went. What is to go is asked for once no more can
 * come, and again when it has gone: a pod may have been on its way to the node. Throws CommandError when something would
 * be lost, or when it is not empty in time.
 */
export async function emptyNode(
  client: Client,
  node: KubeObject,
  {
    parsed,
    options,
    volumes,
    io,
  }: { parsed: ParsedCommand; options: EmptyOptions; volumes: readonly BoundVolume[]; io: Io },
): Promise<number> {
  const { name = '' } = node.metadata
  if (await setCordoned(client, node, true)) io.err.write(`${name} is cordoned\n`)
  const until = io.clock.now() + options.limitMs
  const onProgress = (line: string) => io.err.write(`${line}\n`)
  let went = 0
  for (let isFirst = true; ; isFirst = false) {
    const plan = await planDrain(client, name, options)
    checkPlan(plan, parsed, 'cordoned, and pods came to it meanwhile')
    if (isFirst) for (const { pod, why } of plan.stays) io.err.write(`${podName(pod)} stays: ${why}\n`)
    if (plan.goes.length === 0) return went
    for (const line of keptHere(plan.goes, volumes, name)) io.err.write(line)
    const left = await drain(client, {
      nodeName: name,
      goes: plan.goes,
      graceSeconds: options.graceSeconds,
      limitMs: until - io.clock.now(),
      clock: io.clock,
      onProgress,
    })
    if (left.length > 0) throw tooLate(name, left, options.limitMs)
    went += plan.goes.length
  }
}

function keptHere(goes: readonly KubeObject[], volumes: readonly BoundVolume[], nodeName: string): string[] {
  return goes.flatMap((pod) => {
    const claims = new Set(claimsOf(pod))
    const own = volumes.filter(({ claim }) => claim && claims.has(`${claim.namespace}/${claim.name}`))
    if (own.length === 0) return []
    return `${podName(pod)} has its data on ${nodeName} alone (${own.map(volumeText).join(', ')}): it waits for this node\n`
  })
}

function tooLate(name: string, left: readonly Remaining[], limitMs: number): CommandError {
  const lines = left.map(({ pod, why, budget }) => {
    const state = budget ? why : why === 'ends' ? 'it was told to end and has not yet' : why
    return `\n    ${podName(pod)}: ${state}`
  })
  const [first] = left
  const namespace = first!.pod.metadata.namespace
  const held = left.find(({ budget }) => budget)
  const look =
    held === undefined
      ? `kubectl describe pod -n ${namespace} ${first!.pod.metadata.name}`
      : `kubectl get pdb -n ${held.pod.metadata.namespace}   (then drain again)`
  return new CommandError(
    `${name} is cordoned, but not empty after ${Math.round(limitMs / 1000)} s:${lines.join('')}`,
    `${look}, or to stop here: ./brume node uncordon ${name}`,
  )
}
