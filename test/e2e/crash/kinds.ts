// The kinds that the crash tests write: a plain one, an encrypted one, one with allocated addresses, a CRD's.

import type { KubeObject } from '@brume/api/object'
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  SECRETS,
  SERVICES,
} from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'
import { createIfAbsent } from '@brume/client/writes'
import { eventually } from '@brume/testkit/eventually'

export const NAMESPACE = 'crash'

/** A kind whose objects carry a token that tells one write from all others. */
export interface Kind {
  ref: ResourceRef
  /** What an object with this token (a label value) consists of besides its metadata; also as a merge patch. */
  content(token: string): Record<string, unknown>
  tokenOf(object: KubeObject): string | undefined
}

export const WIDGETS: ResourceRef = {
  group: 'crash.example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

export const KINDS: readonly Kind[] = [
  {
    ref: CONFIG_MAPS,
    content: (token) => ({ data: { token } }),
    tokenOf: (object) => object['data']?.token,
  },
  {
    ref: SECRETS,
    content: (token) => ({ data: { token: base64(token) } }),
    tokenOf: (object) => {
      const text: string | undefined = object['data']?.token
      return text && Buffer.from(text, 'base64').toString()
    },
  },
  {
    ref: SERVICES,
    content: (token) => ({ spec: { ports: [{ port: 80, protocol: 'TCP' }], selector: { token } } }),
    tokenOf: (object) => object['spec']?.selector?.token,
  },
  {
    ref: WIDGETS,
    content: (token) => ({ spec: { token } }),
    tokenOf: (object) => object['spec']?.token,
  },
]

/** Makes the namespace and the CRD, and waits until objects of it can be written. Idempotent. */
export async function ensureKinds(client: Client): Promise<void> {
  await createIfAbsent(client.resource(NAMESPACES), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  })
  const { group, version, plural, kind } = WIDGETS
  await createIfAbsent(client.resource(CUSTOM_RESOURCE_DEFINITIONS), {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind, singular: 'widget' },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: SCHEMA } }],
    },
  })
  await eventually('the CRD is served', async () => {
    await client.resource(WIDGETS).list({ namespace: NAMESPACE })
    return true
  })
}

const SCHEMA = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { token: { type: 'string' } } } },
}
