// Room in node groups, told when somebody asks for it: more CPU than a group has is admitted with a Warning that says how
// much is promised and how much is really used; more memory, or more CPU of a strict group, is refused (ADR 13). What
// controllers make is left to the scheduler: whoever asked was told.

import type { KubeObject } from '@brume/api/object'
import { GROUP, STRICT, wordOf } from '@brume/api/placement'
import { podRequests } from '@brume/api/quota/pod-resources'
import { formatQuantity, quantityMilliValue, quantityValue } from '@brume/base/quantity'
import type { ObjectReader } from '../registry/reader.ts'
import type { AdmissionDeps } from './deps.ts'
import { forbid, type Json } from './request.ts'
import type { AdmissionPlugin, AdmissionRequest } from './types.ts'

type Resource = 'cpu' | 'memory'
/** CPU in thousandths, memory in bytes. */
type Amounts = Record<Resource, number>

interface Ask {
  group: string
  amounts: Amounts
}

interface Room {
  nodes: readonly KubeObject[]
  all: Amounts
  promised: Amounts
  isStrict: boolean
}

/** How many pods of their template they want. */
const WORKLOADS: Readonly<Record<string, (spec: Json) => number>> = {
  'apps/deployments': ({ replicas = 1 }) => replicas,
  'apps/replicasets': ({ replicas = 1 }) => replicas,
  'apps/statefulsets': ({ replicas = 1 }) => replicas,
  '/replicationcontrollers': ({ replicas = 1 }) => replicas,
  'batch/jobs': ({ parallelism = 1, suspend = false }) => (suspend ? 0 : parallelism),
}
const NOTHING: Amounts = { cpu: 0, memory: 0 }

export function nodeGroups({ reader, usage }: Pick<AdmissionDeps, 'reader' | 'usage'>): AdmissionPlugin {
  return {
    name: 'NodeGroups',
    async validate(request) {
      const ask = newAsk(request)
      if (ask === undefined) return
      const room = roomOf(reader, ask.group)
      if (room.nodes.length === 0) {
        request.warn(`no node is in group ${ask.group} yet: label one with ${GROUP}=${ask.group}`)
        return
      }
      const isOver = (resource: Resource) =>
        ask.amounts[resource] > 0 && room.promised[resource] + ask.amounts[resource] > room.all[resource]
      const [cpuIsOver, memoryIsOver] = [isOver('cpu'), isOver('memory')]
      if (!cpuIsOver && !memoryIsOver) return
      const used = await usedOf(room.nodes, usage)
      if (memoryIsOver) throw forbid(request, refusal('memory', ask, { room, used }))
      if (room.isStrict) throw forbid(request, `${refusal('cpu', ask, { room, used })}; the group is strict`)
      request.warn(warning(ask, { room, used }))
    },
  }
}

/** What is asked for beyond what this object asked for before; undefined: nothing of a group. */
function newAsk({ operation, resource, subresource, object, oldObject }: AdmissionRequest): Ask | undefined {
  if (object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined
  if (object.metadata.ownerReferences?.some(({ controller }) => controller)) return undefined
  const kind = `${resource.group}/${resource.plural}`
  if (kind === '/pods' && operation === 'CREATE' && subresource === '') return askOf(object, 1)
  const count = WORKLOADS[kind]
  if (count === undefined || (subresource !== '' && subresource !== 'scale')) return undefined
  const now = askOf(object['spec']?.template, count(object['spec'] ?? {}))
  const before = oldObject && askOf(oldObject['spec']?.template, count(oldObject['spec'] ?? {}))
  if (now === undefined || before === undefined || before.group !== now.group) return now
  const more = (name: Resource) => Math.max(0, now.amounts[name] - before.amounts[name])
  return { ...now, amounts: { cpu: more('cpu'), memory: more('memory') } }
}

function askOf(template: Json, count: number): Ask | undefined {
  const group = template && groupOf(template)
  if (group === undefined) return undefined
  const { cpu, memory } = amountsOf(podRequests(template))
  return { group, amounts: { cpu: cpu * count, memory: memory * count } }
}

function groupOf(pod: Json): string | undefined {
  return wordOf(pod, GROUP) ?? pod.spec?.nodeSelector?.[GROUP]
}

/** Pods that wait for the group count: room for them is promised too. */
function roomOf(reader: ObjectReader, group: string): Room {
  const nodes = reader.list('', 'nodes', '').filter(({ metadata }) => metadata.labels?.[GROUP] === group)
  const names = new Set(nodes.map(({ metadata }) => metadata.name))
  const all = sum(nodes.map(({ status }) => amountsOf(status?.allocatable ?? status?.capacity ?? {})))
  const isStrict = nodes.every(({ metadata }) => metadata.labels?.[STRICT] === 'true')
  if (nodes.length === 0) return { nodes, all, promised: NOTHING, isStrict }
  const pods = reader.list('', 'pods', '').filter((pod) => {
    const { spec, status } = pod
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false
    return spec.nodeName ? names.has(spec.nodeName) : groupOf(pod) === group
  })
  return { nodes, all, promised: sum(pods.map((pod) => amountsOf(podRequests(pod)))), isStrict }
}

/** undefined: no agent could be asked. */
async function usedOf(
  nodes: readonly KubeObject[],
  usage: AdmissionDeps['usage'],
): Promise<Amounts | undefined> {
  const known = await usage?.usageOf(nodes.map(({ metadata }) => metadata.name!))
  const measured = [...(known?.values() ?? [])].flatMap(({ node }) => (node === undefined ? [] : [node]))
  if (measured.length === 0) return undefined
  return sum(
    measured.map(({ cpuNanoCores, memoryBytes }) => ({ cpu: cpuNanoCores / 1e6, memory: memoryBytes })),
  )
}

interface State {
  room: Room
  used: Amounts | undefined
}

function warning({ group, amounts }: Ask, { room, used }: State): string {
  const promised = room.promised.cpu + amounts.cpu
  const percent = room.all.cpu === 0 ? '' : ` (${Math.round((100 * promised) / room.all.cpu)}%)`
  return `group ${group} has ${text('cpu', room.all.cpu)} CPU; with this, ${text('cpu', promised)} are promised${percent} and ${usedText('cpu', used)}. It is admitted: when all of it is used at once, everything there gets slower`
}

function refusal(resource: Resource, { group, amounts }: Ask, { room, used }: State): string {
  const what = resource === 'cpu' ? 'CPU' : 'memory'
  const [all, promised, asked] = [room.all, room.promised, amounts].map((of) => text(resource, of[resource]))
  return `group ${group} has ${all} of ${what}, of which ${promised} are promised and ${usedText(resource, used)}; this asks for ${asked} more. Ask for less, or add a node to the group`
}

function usedText(resource: Resource, used: Amounts | undefined): string {
  return used === undefined
    ? 'how much is really used is not known'
    : `${text(resource, used[resource])} are really used`
}

function text(resource: Resource, amount: number): string {
  const isCpu = resource === 'cpu'
  // Bytes as they are measured make no readable number: whole mebibytes do.
  const unscaled = isCpu ? Math.round(amount) : Math.round(amount / 1024 ** 2) * 1024 ** 2
  const format = isCpu ? 'DecimalSI' : 'BinarySI'
  return formatQuantity({ unscaled: BigInt(unscaled), scale: isCpu ? -3 : 0, format, text: undefined })
}

function amountsOf({ cpu = '0', memory = '0' }: Json): Amounts {
  return { cpu: quantityMilliValue(String(cpu)), memory: quantityValue(String(memory)) }
}

function sum(list: readonly Amounts[]): Amounts {
  return list.reduce((a, b) => ({ cpu: a.cpu + b.cpu, memory: a.memory + b.memory }), NOTHING)
}
