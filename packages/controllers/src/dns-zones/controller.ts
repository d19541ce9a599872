// Says in each DnsZone's status what is served of it, and in an Event what is not. The nodes read zones by the same rules.

import { type ReadZones, readZones, type ZoneVerdict } from '@brume/api/network/dns-zones'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { formatTime } from '@brume/base/clock'
import { CUSTOM_RESOURCE_DEFINITIONS, DNS_ZONES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, type Plan } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { patchIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'

export interface ObservedZone {
  zone: KubeObject
  verdict: ZoneVerdict
}

export interface ZoneAction extends ObservedZone {
  type: 'say'
}

const DEFINITION = `${DNS_ZONES.plural}.${DNS_ZONES.group}`
const CONDITION = 'Ready'
const CLUSTER_DOMAIN = 'cluster.local'

export function dnsZones({
  client,
  informers,
  clock,
  logger,
}: Pick<Dependencies, 'client' | 'informers' | 'clock' | 'logger'>): ControllerSpec {
  const definitions = informers.for(CUSTOM_RESOURCE_DEFINITIONS)
  // Asked for once its kind is served: before that there is nothing to list.
  const zones = () => informers.for(DNS_ZONES)
  const events = new EventRecorder({ client, component: 'dns-zones', clock, logger })
  let read: ReadZones | undefined
  return defineController<ObservedZone, ZoneAction>({
    name: 'dns-zones',
    sources: [
      {
        start(enqueue) {
          // One that goes may be what another one waits for.
          const all = () => {
            read = undefined
            for (const { metadata } of zones().store.list()) enqueue(metadata.name!)
          }
          let stopZones: (() => void) | undefined
          const listen = (definition: KubeObject) => {
            if (stopZones !== undefined || !isServed(definition)) return
            stopZones = zones().addHandler({ add: all, update: all, delete: all })
          }
          const stop = definitions.addHandler({ add: listen, update: listen })
          return () => {
            stop()
            stopZones?.()
          }
        },
        synced: () => definitions.synced(),
      },
    ],
    observe(name) {
      const { store } = zones()
      const zone = store.get('', name)
      read ??= readZones(store.list(), CLUSTER_DOMAIN)
      const verdict = read.verdicts.get(name)
      return zone === undefined || verdict === undefined ? undefined : { zone, verdict }
    },
    decide: decideZone,
    async act({ zone, verdict }) {
      const { name = '', uid = '', generation } = zone.metadata
      const others = listOf(zone.status?.['conditions']).filter(({ type }) => type !== CONDITION)
      const before = conditionOf(zone)
      const lastTransitionTime =
        before?.status === verdict.status ? before.lastTransitionTime : formatTime(clock.now())
      const own = { type: CONDITION, ...verdict, lastTransitionTime, observedGeneration: generation }
      const body = { metadata: { uid }, status: { conditions: [...others, own] } }
      await patchIfPresent(
        client.resource(DNS_ZONES),
        { name },
        { type: 'merge', subresource: 'status', body },
      )
      const { reason, message, status } = verdict
      if (status === 'False') await events.record(zone, { type: 'Warning', reason, message })
    },
  })
}

function isServed({ metadata, status }: KubeObject): boolean {
  return (
    metadata.name === DEFINITION &&
    listOf(status?.['conditions']).some(({ type, status: is }) => type === 'Established' && is === 'True')
  )
}

export function decideZone({ zone, verdict }: ObservedZone): Plan<ZoneAction> {
  const said = conditionOf(zone)
  const isSaid =
    said !== undefined &&
    said.status === verdict.status &&
    said.reason === verdict.reason &&
    said.message === verdict.message &&
    said.observedGeneration === zone.metadata.generation
  return { actions: isSaid ? [] : [{ type: 'say', zone, verdict }] }
}

function conditionOf({ status }: KubeObject) {
  return listOf(status?.['conditions']).find(({ type }) => type === CONDITION)
}
