// Secrets of type kubernetes.io/service-account-token: filled for accounts that exist, deleted with them.

import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'

export const TOKEN_SECRET_TYPE = 'kubernetes.io/service-account-token'
export const ACCOUNT_NAME = 'kubernetes.io/service-account.name'
export const ACCOUNT_UID = 'kubernetes.io/service-account.uid'

export interface ObservedTokenSecret {
  secret: KubeObject
  /** As the server has it now; undefined when it does not exist. */
  account: KubeObject | undefined
  rootCaPem: string
}

export type TokenSecretAction =
  | { type: 'delete'; secret: KubeObject }
  /** `token`: one must be issued too. */
  | { type: 'fill'; secret: KubeObject; account: KubeObject; data: Record<string, string>; token: boolean }

export function decideTokenSecret(observed: ObservedTokenSecret): Plan<TokenSecretAction> {
  const { secret, account, rootCaPem } = observed
  const annotations = secret.metadata.annotations ?? {}
  if (secret.metadata.deletionTimestamp !== undefined || !annotations[ACCOUNT_NAME]) return { actions: [] }
  const uid = annotations[ACCOUNT_UID]
  if (account === undefined || (uid !== undefined && uid !== '' && uid !== account.metadata.uid)) {
    return { actions: [{ type: 'delete', secret }] }
  }
  const data = {
    'ca.crt': Buffer.from(rootCaPem).toString('base64'),
    namespace: Buffer.from(secret.metadata.namespace!).toString('base64'),
  }
  const kept: Record<string, string> = secret.data ?? {}
  const token = !kept['token']
  const filled = kept['ca.crt'] === data['ca.crt'] && kept['namespace'] === data.namespace
  if (!token && filled && uid === account.metadata.uid) return { actions: [] }
  return { actions: [{ type: 'fill', secret, account, data, token }] }
}
