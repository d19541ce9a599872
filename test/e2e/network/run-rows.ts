// Runs rows, one after the other, in one world. Each begins when the kernel has what the API has, and leaves nothing.

import type { KubeObject } from '@brume/api/object'
import {
  CONFIG_MAPS,
  ENDPOINT_SLICES,
  NAMESPACES,
  NETWORK_POLICIES,
  NODES,
  PODS,
  SERVICES,
} from '@brume/client/builtin'
import type { ResourceRef } from '@brume/client/resource-ref'
import { getIfPresent } from '@brume/client/writes'
import { eventually } from '@brume/testkit/eventually'
import { Barrier } from './barrier.ts'
import { type Check, type Findings, type Row, type RowObject, type Seen, textOf } from './rows.ts'
import { podStatus, type World } from './world.ts'

const REFS: Record<string, ResourceRef> = {
  ConfigMap: CONFIG_MAPS,
  EndpointSlice: ENDPOINT_SLICES,
  Namespace: NAMESPACES,
  NetworkPolicy: NETWORK_POLICIES,
  Node: NODES,
  Pod: PODS,
  Service: SERVICES,
}
/** For an answer that must come. */
const ANSWER_LIMIT_MS = 3_000
/** For one that must not: an answer takes a millisecond. */
const SILENCE_LIMIT_MS = 250
/** A check that says who shares the connections out asks so often. */
const TIMES = 14
const ROW_LIMIT_MS = 8_000
const ANSWER = /^(\S+) sees (\S+)$/

export async function runRows(world: World, rows: readonly Row[]): Promise<Findings> {
  const barrier = await Barrier.make(world)
  const findings: Findings = {}
  for (const row of rows) {
    const undo: (() => Promise<unknown>)[] = []
    const seen: Seen[] = []
    try {
      for (const { apply, remove = [], checks } of [row, ...(row.after ?? [])]) {
        for (const object of apply?.(world.ip) ?? []) undo.push(await applied(world, object))
        for (const name of remove) await removed(world, name)
        await slicesAreThere(world)
        await barrier.pass()
        seen.push(...(await Promise.all(checks.map((check) => checked(world, check)))))
      }
      findings[row.title] = { seen: seen.filter(isWrong) }
    } catch (error) {
      findings[row.title] = { seen, error: String((error as Error).stack) }
    }
    for (const one of undo.reverse()) await one()
  }
  return findings
}

const isWrong = ({ heard, expected }: Seen) => heard !== expected

/** Makes or changes it; gives what takes that back. */
async function applied({ client, ip }: World, object: RowObject): Promise<() => Promise<unknown>> {
  const resource = client.resource(REFS[object.kind!]!)
  const { namespace, name = '' } = object.metadata
  const key = { ...(namespace === undefined ? {} : { namespace }), name }
  const before = await getIfPresent(resource, key)
  const { status, ...content } = object
  if (before === undefined) await resource.create(content as KubeObject)
  else await resource.patch(key, { type: 'merge', body: content })
  const told = object.kind === 'Pod' && before === undefined ? podStatus(ip(name)) : undefined
  const body = status ?? told
  if (body !== undefined)
    await resource.patch(key, { type: 'merge', subresource: 'status', body: { status: body } })
  if (before === undefined)
    return () => resource.delete(key, { gracePeriodSeconds: 0 }).catch(() => undefined)
  return async () => {
    const { metadata } = await resource.get(key)
    const { resourceVersion } = metadata
    await resource.update({ ...before, metadata: { ...before.metadata, resourceVersion: resourceVersion! } })
    if (status !== undefined)
      await resource.patch(key, { type: 'merge', subresource: 'status', body: { status: before['status'] } })
  }
}

/** `Kind namespace/name`; a pod is asked to go and stays until its grace is over. */
async function removed({ client }: World, text: string): Promise<void> {
  const [kind = '', path = ''] = text.split(' ')
  const [namespace = '', name = ''] = path.split('/')
  await client
    .resource(REFS[kind]!)
    .delete({ namespace, name }, kind === 'Pod' ? { gracePeriodSeconds: 30 } : {})
}

/** The controller's work: as many endpoints as there are pods that the selector names, as ready as they are. */
async function slicesAreThere({ client }: World): Promise<void> {
  await eventually('the EndpointSlices are as the pods are', async () => {
    const [services, slices, pods] = await Promise.all(
      [SERVICES, ENDPOINT_SLICES, PODS].map((ref) => client.resource(ref).listAll()),
    )
    return services!.items.every(({ metadata, spec }) => {
      const wanted: Record<string, string> | undefined = spec['selector']
      if (wanted === undefined || spec['type'] === 'ExternalName') return true
      const chosen = pods!.items.filter(
        (pod) =>
          pod.metadata.namespace === metadata.namespace &&
          Object.entries(wanted).every(([label, value]) => pod.metadata.labels?.[label] === value),
      )
      const told = slices!.items
        .filter((slice) => slice.metadata.namespace === metadata.namespace)
        .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name)
        .flatMap((slice) => (slice['endpoints'] ?? []) as { conditions: Record<string, boolean> }[])
      const isServing = (pod: KubeObject) =>
        (pod['status'].conditions ?? []).some(
          (one: { type: string; status: string }) => one.type === 'Ready' && one.status === 'True',
        )
      const count = <T>(items: readonly T[], is: (item: T) => boolean) => items.filter(is).length
      return (
        told.length === chosen.length &&
        count(told, ({ conditions }) => conditions['serving'] !== false) === count(chosen, isServing) &&
        count(told, ({ conditions }) => conditions['terminating'] === true) ===
          count(chosen, (pod) => pod.metadata.deletionTimestamp !== undefined)
      )
    })
  })
}

/** Asks until what is heard is what is expected, at most for a while. */
async function checked(world: World, check: Check): Promise<Seen> {
  const [, , , , expected] = check
  const end = Date.now() + ROW_LIMIT_MS
  for (;;) {
    const heard = await heardOf(world, check)
    if (heard === expected || Date.now() > end) return { check: textOf(check), heard, expected }
  }
}

async function heardOf(
  world: World,
  [from, to, port, protocol, outcome, sourcePort]: Check,
): Promise<string> {
  const host = await hostOf(world, to)
  const limitMs = outcome === 'denied' ? SILENCE_LIMIT_MS : ANSWER_LIMIT_MS
  const plain = ['allowed', 'denied', 'refused'].includes(outcome)
  const asking = { host, port, protocol, limitMs, ...(sourcePort === undefined ? {} : { sourcePort }) }
  const texts = new Set<string>()
  for (let i = 0; i < (plain ? 1 : TIMES) && !texts.has('nothing'); i++)
    texts.add(await world.talkers.get(from)!.ask(asking))
  return heardText(world, [...texts], outcome)
}

/** In the words of outcomes. */
function heardText(world: World, texts: readonly string[], outcome: string): string {
  const answers = texts.map((text) => ANSWER.exec(text))
  if (answers.some((answer) => answer === null))
    return texts.length === 1 && texts[0] === 'nothing' ? 'denied' : texts.join(', ')
  if (outcome === 'allowed') return 'allowed'
  const by = [...new Set(answers.map((answer) => answer![1]!))]
  if (outcome.includes('|'))
    return by.length === 1 && outcome.split('|').includes(by[0]!) ? outcome : by.join('+')
  const order = outcome.split(' ')[0]!.split('+')
  by.sort((a, b) => order.indexOf(a) - order.indexOf(b))
  if (!outcome.includes(' sees ')) return by.join('+')
  const as = [...new Set(answers.map((answer) => nameOf(world, answer![2]!)))].sort()
  return `${by.join('+')} sees ${as.join('+')}`
}

function nameOf({ ip, talkers }: World, address: string): string {
  const names = [...talkers.keys(), 'bridge', 'tunnel']
  return names.find((name) => ip(name) === address) ?? address
}

async function hostOf({ client, ip }: World, to: string): Promise<string> {
  const [kind, name] = to.split(' ')
  if (name === undefined) return /^[\d.]+$/.test(to) ? to : ip(to)
  const service = () => client.resource(SERVICES).get({ namespace: 'shop', name })
  if (kind === 'service') return (await service())['spec'].clusterIP
  return eventually(`Service ${name} has an address of the LAN`, async () => {
    const { status } = await service()
    return status?.['loadBalancer']?.ingress?.[0]?.ip as string | undefined
  })
}
