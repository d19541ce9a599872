// Every namespace has a ServiceAccount `default`.

import type { KubeObject } from '@brume/api/object'
import { NAMESPACES, SERVICE_ACCOUNTS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { createIfAbsent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'

export interface ObservedNamespace {
  namespace: KubeObject
  account: KubeObject | undefined
}

export interface CreateAccount {
  type: 'createAccount'
  namespace: string
}

const DEFAULT_NAME = 'default'

export function serviceAccountController({ client, informers }: Dependencies): ControllerSpec {
  const namespaces = informers.for(NAMESPACES)
  const accounts = informers.for(SERVICE_ACCOUNTS)
  return defineController<ObservedNamespace, CreateAccount>({
    name: 'service-account',
    sources: [
      fromInformer(namespaces),
      fromInformer(accounts, ({ metadata }) => (metadata.name === DEFAULT_NAME ? [metadata.namespace!] : [])),
    ],
    observe(name) {
      const namespace = namespaces.store.get('', name)
      return namespace && { namespace, account: accounts.store.get(name, DEFAULT_NAME) }
    },
    decide: decideAccount,
    async act({ namespace }) {
      const metadata = { name: DEFAULT_NAME, namespace }
      await createIfAbsent(client.resource(SERVICE_ACCOUNTS), {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata,
      })
    },
  })
}

export function decideAccount({ namespace, account }: ObservedNamespace): Plan<CreateAccount> {
  const leaving = namespace.metadata.deletionTimestamp !== undefined
  if (leaving || account !== undefined) return { actions: [] }
  return { actions: [{ type: 'createAccount', namespace: namespace.metadata.name! }] }
}
