// Which certificates the edge shows because a CA gave them: of hosts whose objects name no Secret, and not before they
// are there. Pure.

import type { KubeObject } from '@brume/api/object'
import type { Certificate } from '../model.ts'
import { ageOf } from '../source.ts'
import { CERTIFICATE, type Want } from './wants.ts'

/** `wanted` are those that objects name. One that is on its way is no mistake: it is left out until it is there. */
export function withIssued(
  wanted: readonly Certificate[],
  wants: ReadonlyMap<string, Want>,
  secretOf: (namespace: string, secret: string) => KubeObject | undefined,
): Certificate[] {
  const key = ({ namespace, secret }: { namespace: string; secret: string }) => `${namespace}/${secret}`
  const named = new Set(wanted.map(key))
  const isThere = (one: { namespace: string; secret: string }) =>
    secretOf(one.namespace, one.secret) !== undefined
  // Nobody named these: another's Secret that happens to have the name is not for them.
  const isIssued = (want: Want) =>
    secretOf(want.namespace, want.secret)?.metadata.labels?.[CERTIFICATE] === 'acme'
  const issued = [...wants.values()].filter((want) => !named.has(key(want)) && isIssued(want))
  return [
    ...wanted.filter((one) => !wants.has(key(one)) || isThere(one)),
    ...issued.map(({ namespace, secret, hosts, owners: [first] }) => ({
      namespace,
      secret,
      hosts,
      ...(first === undefined ? {} : { by: { object: first.owner, order: ageOf(first.owner) } }),
    })),
  ]
}
