// How a kind's file declares it: facts that the protos do not tell, and the behaviour. Everything has the default
// that most kinds have, so a kind's file says only what is special.

import type {
  Column,
  KindBehaviour,
  ResourceDefinition,
  ScalePaths,
  SubresourceDefinition,
  Verb,
} from '../resource.ts'

export interface KindSource extends KindBehaviour {
  group: string
  version: string
  kind: string
  plural: string
  /** Default: the kind in lower case. */
  singular?: string
  shortNames?: readonly string[]
  categories?: readonly string[]
  /** Default: true. */
  namespaced?: boolean
  /** Default: all eight. */
  verbs?: readonly Verb[]
  /** Default: true when the kind's type has `spec` and `status`. */
  hasGeneration?: boolean
  /** Default: true when the type has a `status` field. */
  hasStatus?: boolean
  scale?: ScalePaths
  subresources?: readonly SubresourceDefinition[]
  /** Every column after Name, in order, `age` of columns.ts included. Default: Age alone. */
  columns?: readonly Column[]
  /** The whole table, Name included, for kinds whose table does not start with it (Events). */
  allColumns?: readonly Column[]
  selectableFields?: ResourceDefinition['selectableFields']
  stored?: boolean
  conversion?: ResourceDefinition['conversion']
  ttlSeconds?: number
  statusKeepsMetadata?: ResourceDefinition['statusKeepsMetadata']
  generationFollowsAnnotations?: boolean
  sensitive?: boolean
  allowCreateOnUpdate?: boolean
  /** Default: true. */
  allowUnconditionalUpdate?: boolean
  /** OpenAPI definition name of the type when it is not `io.k8s.api.<group>.<version>.<Kind>`. */
  typeName?: string
}

/** Identity; gives a kind's file its type. */
export function defineKind(source: KindSource): KindSource {
  return source
}
