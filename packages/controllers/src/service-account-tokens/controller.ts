// Fills the Secrets that people make to hold a ServiceAccount's token.

import type { KubeObject } from '@brume/api/object'
import { SECRETS, SERVICE_ACCOUNTS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { keyOf } from '@brume/client/resource-ref'
import { deleteIfPresent, getIfPresent } from '@brume/client/writes'
import type { Dependencies, ServiceAccountTokenRequest } from '../dependencies.ts'
import {
  ACCOUNT_NAME,
  ACCOUNT_UID,
  decideTokenSecret,
  type ObservedTokenSecret,
  TOKEN_SECRET_TYPE,
  type TokenSecretAction,
} from './decide.ts'

type Issue = (request: ServiceAccountTokenRequest) => Promise<string>

const BY_ACCOUNT = 'serviceAccount'

export function serviceAccountTokens(dependencies: Dependencies, issue: Issue): ControllerSpec {
  const { client, informers, rootCaPem } = dependencies
  const secrets = informers.for(SECRETS, { fieldSelector: `type=${TOKEN_SECRET_TYPE}` })
  const accounts = informers.for(SERVICE_ACCOUNTS)
  secrets.addIndex(BY_ACCOUNT, ({ metadata }) => [
    `${metadata.namespace}/${metadata.annotations?.[ACCOUNT_NAME] ?? ''}`,
  ])
  return defineController<ObservedTokenSecret, TokenSecretAction>({
    name: 'service-account-tokens',
    sources: [
      fromInformer(secrets),
      fromInformer(accounts, (account) => secrets.store.byIndex(BY_ACCOUNT, keyOf(account)).map(keyOf)),
    ],
    async observe(key) {
      const secret = secrets.store.getByKey(key)
      if (secret === undefined) return undefined
      const namespace = secret.metadata.namespace!
      const name = secret.metadata.annotations?.[ACCOUNT_NAME] ?? ''
      // The account may be newer than what is cached, and a wrong guess deletes the Secret.
      const live = () => getIfPresent(client.resource(SERVICE_ACCOUNTS), { namespace, name })
      const account = accounts.store.get(namespace, name) ?? (name === '' ? undefined : await live())
      return { secret, account, rootCaPem }
    },
    decide: decideTokenSecret,
    act: (action) => actOnTokenSecret(client, issue, action),
  })
}

async function actOnTokenSecret(client: Client, issue: Issue, action: TokenSecretAction): Promise<void> {
  const { secret } = action
  const { namespace, name, uid, resourceVersion } = secret.metadata
  const secrets = client.resource(SECRETS)
  if (action.type === 'delete') {
    const preconditions = { uid: uid!, resourceVersion: resourceVersion! }
    await deleteIfPresent(secrets, { namespace: namespace!, name: name! }, { preconditions })
    return
  }
  const { account, data, token } = action
  const serviceAccount = { name: account.metadata.name!, uid: account.metadata.uid! }
  const issued = token
    ? await issue({ namespace: namespace!, serviceAccount, secret: { name: name!, uid: uid! } })
    : undefined
  const filled: KubeObject = {
    ...secret,
    metadata: {
      ...secret.metadata,
      annotations: { ...secret.metadata.annotations, [ACCOUNT_UID]: serviceAccount.uid },
    },
    data: {
      ...secret.data,
      ...data,
      ...(issued === undefined ? {} : { token: Buffer.from(issued).toString('base64') }),
    },
  }
  await secrets.update(filled)
}
