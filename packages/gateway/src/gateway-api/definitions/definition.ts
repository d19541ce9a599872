// A kind of the Gateway API, and the CustomResourceDefinition that it becomes.

import { createHash } from 'node:crypto'
import type { KubeObject } from '@brume/api/object'
import { GATEWAY_GROUP } from './parts.ts'
import type { Schema } from './schema.ts'

export interface Definition {
  names: { plural: string; singular: string; kind: string; shortNames?: string[] }
  scope: 'Cluster' | 'Namespaced'
  /** All have one schema. */
  versions: readonly string[]
  storage: string
  columns: readonly Readonly<Record<string, unknown>>[]
  schema: Schema
  labels?: Readonly<Record<string, string>>
}

/** Hash of the specification as it was written by us: as long as it is so, it is ours to change. */
export const WRITTEN = 'brume.dev/written'
/** Kinds below k8s.io have to say who approved them. */
const APPROVED = 'https://github.com/kubernetes-sigs/gateway-api/pull/4530'
/** Release of the API whose fields these are, for tools that ask. Some are of its experimental channel. */
const BUNDLE_VERSION = 'v1.6.0'

export function definitionObject({
  names,
  scope,
  versions,
  storage,
  columns,
  schema,
  labels,
}: Definition): KubeObject {
  // With all that the server would add, so that what is stored is what is written.
  const spec = {
    group: GATEWAY_GROUP,
    scope,
    names: { ...names, listKind: `${names.kind}List`, categories: ['gateway-api'] },
    conversion: { strategy: 'None' },
    versions: versions.map((name) => ({
      name,
      served: true,
      storage: name === storage,
      additionalPrinterColumns: columns,
      ...((schema['properties'] as Schema)['status'] === undefined ? {} : { subresources: { status: {} } }),
      schema: { openAPIV3Schema: schema },
    })),
  }
  const annotations = {
    'api-approved.kubernetes.io': APPROVED,
    [`${GATEWAY_GROUP}/bundle-version`]: BUNDLE_VERSION,
    [`${GATEWAY_GROUP}/channel`]: 'experimental',
    [WRITTEN]: specHash(spec),
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${names.plural}.${GATEWAY_GROUP}`,
      annotations,
      ...(labels === undefined ? {} : { labels }),
    },
    spec,
  }
}

/** The same for equal specifications, whatever the order of their fields. */
export function specHash(spec: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(spec)))
    .digest('hex')
    .slice(0, 16)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, sorted(child)]),
  )
}
