// The Gateway API as a source of the edge: Gateways of its classes with their routes, and what they are told.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { isStatus } from '@brume/base/errors'
import { CONFIG_MAPS, NAMESPACES } from '@brume/client/builtin'
import type { Informer } from '@brume/client/informer'
import { keyOf, type ResourceRef, refText } from '@brume/client/resource-ref'
import { askingOfGateway } from '../acme/wants.ts'
import { certificateProblem } from '../certificates.ts'
import type { EdgeSource, MakeSource, Outcome } from '../source.ts'
import { type Kind, ROUTE_KINDS, type ServedKinds } from './kinds.ts'
import { kindsNow } from './prepare.ts'
import { gatewayChange, policyChange, routeChange, type StatusChange } from './statuses.ts'
import { nodePortProblem } from './translate/node-ports.ts'
import type { Translation } from './translate/observed.ts'
import { translate } from './translate/translate.ts'

const OTHERS: readonly Kind[] = ['GatewayClass', 'ReferenceGrant', 'BackendTLSPolicy', ...ROUTE_KINDS]
/** How soon it is seen that somebody wrote other definitions, which have other versions. */
const KINDS_AGAIN_MS = 60_000

export function gatewayApiSource(given: ServedKinds): MakeSource {
  return (context) => {
    const { client, clock, logger, ports, addresses, services, tlsSecrets } = context
    let kinds = given
    let askedAt = clock.now()
    const informers = new Map<string, Informer>()
    const informerOf = (ref: ResourceRef): Informer => {
      const known = informers.get(refText(ref)) ?? context.informer(ref)
      informers.set(refText(ref), known)
      return known
    }
    const gateways = informerOf(kinds.get('Gateway')!)
    let translation: Translation | undefined

    const watched = (kind: Kind): Informer | undefined => {
      const ref = kinds.get(kind)
      return ref === undefined ? undefined : informers.get(refText(ref))
    }
    const all = (...names: readonly Kind[]): KubeObject[] =>
      names.flatMap((kind) => watched(kind)?.store.list() ?? [])
    const namespaces = () => informers.get(refText(NAMESPACES))
    const configMaps = () => informers.get(refText(CONFIG_MAPS))

    async function lookForKinds(): Promise<void> {
      askedAt = clock.now()
      try {
        kinds = await kindsNow(client)
        const kept = new Set([...kinds.values(), NAMESPACES, CONFIG_MAPS].map(refText))
        for (const [text, informer] of informers) {
          if (informer === gateways || kept.has(text)) continue
          informers.delete(text)
          await informer.stop()
        }
      } catch (error) {
        logger.warn("the Gateway API's versions could not be asked for", { error: String(error) })
      }
    }

    async function write({ object, status }: StatusChange): Promise<void> {
      const ref = kinds.get(object.kind as Kind)
      if (ref === undefined) return
      const { namespace = '', name = '', resourceVersion } = object.metadata
      // Of the very object that was judged: others write their parts of the same lists.
      const body = { metadata: { resourceVersion }, status }
      try {
        await client.resource(ref).patch({ namespace, name }, { type: 'merge', body, subresource: 'status' })
      } catch (error) {
        // It has changed or is gone: that is on its way here, and is looked at then.
        if (!isStatus(error, 'Conflict') && !isStatus(error, 'NotFound')) throw error
      }
    }

    const source: EdgeSource = {
      name: 'gateway-api',
      own: [gateways],
      others() {
        if (gateways.store.list().length === 0) return []
        if (clock.now() - askedAt > KINDS_AGAIN_MS) void lookForKinds()
        const refs = OTHERS.map((kind) => kinds.get(kind)).filter((ref) => ref !== undefined)
        if (gateways.store.list().some(selectsNamespaces)) refs.push(NAMESPACES)
        if (all('BackendTLSPolicy').some(refersToConfigMaps)) refs.push(CONFIG_MAPS)
        return refs.map(informerOf)
      },
      wanted() {
        const isNodePort = nodePortProblem(services.store)
        translation = translate(
          {
            classes: all('GatewayClass'),
            gateways: gateways.store.list(),
            routes: all(...ROUTE_KINDS),
            grants: all('ReferenceGrant'),
            policies: all('BackendTLSPolicy'),
          },
          {
            addresses,
            edgePorts: ports,
            namespace: (name) => namespaces()?.store.get('', name),
            configMap: (namespace, name) => configMaps()?.store.get(namespace, name),
            service: (namespace, name) => services.store.get(namespace, name),
            certificateProblem: (namespace, name) =>
              certificateProblem(tlsSecrets.store.get(namespace, name)),
            portProblem: isNodePort,
          },
        )
        return { model: translation.model, problems: [] }
      },
      askings() {
        const ref = kinds.get('Gateway')
        const standing = translation?.gateways.filter(({ refusal }) => refusal === undefined) ?? []
        return ref === undefined ? [] : standing.map(({ gateway }) => askingOfGateway(gateway, ref))
      },
      async tell(outcome: Outcome) {
        if (translation === undefined) return []
        const now = clock.now()
        const ours = new Map(translation.routes.map((one) => [idOf(one.route), one]))
        const changes = [
          ...translation.gateways.map((one) => gatewayChange(one, { outcome, now })),
          ...all(...ROUTE_KINDS).map((route) =>
            routeChange(route, ours.get(idOf(route)), { left: outcome.rules, now }),
          ),
          ...translation.policies.map((one) => policyChange(one, now)),
        ]
        for (const change of changes) if (change !== undefined) await write(change)
        return []
      },
    }
    return source
  }
}

function refersToConfigMaps({ spec }: KubeObject): boolean {
  return listOf(spec.validation?.caCertificateRefs).length > 0
}

function selectsNamespaces({ spec }: KubeObject): boolean {
  return listOf(spec.listeners).some(({ allowedRoutes }) => allowedRoutes?.namespaces?.from === 'Selector')
}

function idOf(route: KubeObject): string {
  return `${route.kind} ${keyOf(route)}`
}
