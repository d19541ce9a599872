// Signs kube-public/cluster-info with every bootstrap token, so that a joining machine that knows a token can trust
// what it read there without having trusted the connection (detached JWS, RFC 7515 appendix F, HS256).

import { createHmac } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import { CONFIG_MAPS, SECRETS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import type { Dependencies } from '../dependencies.ts'
import { BOOTSTRAP_TOKEN_TYPE, expiresAt, type SigningToken, signingToken, TOKEN_NAMESPACE } from './token.ts'

export const CLUSTER_INFO = { namespace: 'kube-public', name: 'cluster-info' } as const
const SIGNATURE_PREFIX = 'jws-kubeconfig-'

export interface ObservedClusterInfo {
  configMap: KubeObject
  secrets: readonly KubeObject[]
}

export interface SignClusterInfo {
  type: 'update'
  configMap: KubeObject
}

export function bootstrapSigner({ client, informers }: Dependencies): ControllerSpec {
  const configMaps = informers.for(CONFIG_MAPS, {
    namespace: CLUSTER_INFO.namespace,
    fieldSelector: `metadata.name=${CLUSTER_INFO.name}`,
  })
  const secrets = informers.for(SECRETS, {
    namespace: TOKEN_NAMESPACE,
    fieldSelector: `type=${BOOTSTRAP_TOKEN_TYPE}`,
  })
  const theOne = () => ['cluster-info']
  return defineController<ObservedClusterInfo, SignClusterInfo>({
    name: 'bootstrap-signer',
    sources: [fromInformer(configMaps, theOne), fromInformer(secrets, theOne)],
    observe() {
      const configMap = configMaps.store.get(CLUSTER_INFO.namespace, CLUSTER_INFO.name)
      return configMap && { configMap, secrets: secrets.store.list() }
    },
    decide: decideSignatures,
    async act({ configMap }) {
      await client.resource(CONFIG_MAPS).update(configMap)
    },
  })
}

export function decideSignatures(
  { configMap, secrets }: ObservedClusterInfo,
  now: number,
): Plan<SignClusterInfo> {
  const kubeconfig: string | undefined = configMap.data?.kubeconfig
  if (kubeconfig === undefined) return { actions: [] }
  const tokens = secrets.map((secret) => signingToken(secret, now)).filter((token) => token !== undefined)
  const entries = Object.entries(configMap.data).filter(([key]) => !key.startsWith(SIGNATURE_PREFIX))
  for (const token of tokens)
    entries.push([SIGNATURE_PREFIX + token.id, detachedSignature(kubeconfig, token)])
  const data = Object.fromEntries(entries)
  const expiries = secrets.map(expiresAt).filter((time) => time !== undefined && time > now) as number[]
  return {
    actions: deepEqual(data, configMap.data) ? [] : [{ type: 'update', configMap: { ...configMap, data } }],
    ...(expiries.length === 0 ? {} : { requeueAfterMs: Math.min(...expiries) - now }),
  }
}

/** `header..signature`, the payload left out. */
export function detachedSignature(content: string, { id, secret }: SigningToken): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: id })).toString('base64url')
  const payload = Buffer.from(content).toString('base64url')
  const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url')
  return `${header}..${signature}`
}
