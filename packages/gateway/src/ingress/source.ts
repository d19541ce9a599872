// Ingresses as a source of the edge: those of its class, what they get, and what they are told.

import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { isStatus } from '@brume/base/errors'
import { INGRESS_CLASSES, INGRESSES, SECRETS } from '@brume/client/builtin'
import { askingOfIngress } from '../acme/wants.ts'
import type { EdgeSource, Outcome, Problem, SourceContext } from '../source.ts'
import { BASIC_AUTH } from './annotations.ts'
import { ownIngresses } from './classes.ts'
import { wantedOf } from './routes.ts'

export function ingressSource({ client, informer, ports }: SourceContext): EdgeSource {
  const ingresses = informer(INGRESSES)
  const classes = informer(INGRESS_CLASSES)
  /** Watched from the first Ingress on that names one. */
  const passwords = informer(SECRETS, 'type=Opaque')
  const asksForPasswords = () =>
    ingresses.store.list().some(({ metadata }) => metadata.annotations?.[BASIC_AUTH] !== undefined)
  const own = () => ownIngresses(ingresses.store.list(), classes.store.list())

  async function tellAddresses(ingress: KubeObject, addresses: readonly string[]): Promise<void> {
    const { namespace = '', name = '' } = ingress.metadata
    const body = { status: { loadBalancer: { ingress: addresses.map((ip) => ({ ip })) } } }
    try {
      await client
        .resource(INGRESSES)
        .patch({ namespace, name }, { type: 'merge', body, subresource: 'status' })
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }

  return {
    name: 'ingress',
    own: [ingresses],
    askings: () => own().map(askingOfIngress),
    others: () => (asksForPasswords() ? [classes, passwords] : [classes]),
    wanted: () => wantedOf(own(), ports, (namespace, name) => passwords.store.get(namespace, name)),
    async tell(outcome) {
      const all = own()
      const busy = outcome.ports.get(ports.http) ?? outcome.ports.get(ports.https)
      // An address is a promise that requests get there.
      for (const ingress of busy === undefined ? all : [])
        if (!isTold(ingress, outcome.addresses)) await tellAddresses(ingress, outcome.addresses)
      return all.flatMap((ingress) => problemsOf(ingress, outcome, busy))
    },
  }
}

function problemsOf(
  ingress: KubeObject,
  { certificates, rules }: Outcome,
  busy: string | undefined,
): Problem[] {
  const { namespace, name } = ingress.metadata
  const secrets = new Set(listOf(ingress['spec'].tls).map(({ secretName }) => secretName))
  const mine = `ingress/${namespace}/${name}/`
  return [
    ...(busy === undefined
      ? []
      : [{ object: ingress, reason: 'PortTaken', message: `it is not served: ${busy}` }]),
    ...certificates
      .filter((one) => one.namespace === namespace && secrets.has(one.secret))
      .map(({ message }) => ({ object: ingress, reason: 'Certificate', message })),
    ...[...rules]
      .filter(([id]) => id.startsWith(mine))
      .map(([, message]) => ({ object: ingress, reason: 'NotServed', message })),
  ]
}

function isTold(ingress: KubeObject, addresses: readonly string[]): boolean {
  const told = (ingress['status']?.loadBalancer?.ingress ?? []).map(({ ip }: { ip?: string }) => ip)
  return isDeepStrictEqual(told, addresses)
}
