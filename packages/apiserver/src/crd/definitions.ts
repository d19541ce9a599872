// A CustomResourceDefinition as the definitions that the server serves: one for each served version.

import type { KubeObject } from '@brume/api/object'
import { apiVersionOf, type ResourceDefinition, type ScalePaths, type Verb } from '@brume/api/resource'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { applyDefaults } from '@brume/api/structural/defaults'
import { evaluateJsonPath } from '@brume/api/structural/json-path'
import { parseJsonPath } from '@brume/api/structural/json-path-parse'
import type { JsonSchema } from '@brume/api/structural/json-schema'
import { stringifyJson } from '@brume/base/json'
import { deepClone } from '@brume/base/values'
import { columnsOf, type PrinterColumn } from './columns.ts'
import { conversionOf } from './conversion.ts'
import type { CrdHooks } from './hooks.ts'
import { servedSchema, structuralOf } from './structural.ts'
import { customValidation } from './validation.ts'
import { customWarnings, deprecationOf } from './warnings.ts'

/** In the order in which Kubernetes lists them for custom resources. */
const VERBS: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
]
/** No new objects; those that are left must still lose their finalizers. */
/** No new objects, but finalizers of the old ones must still be removed. */
const TERMINATING_VERBS: readonly Verb[] = VERBS.filter((verb) => verb !== 'create')

export interface CrdVersion {
  name: string
  served: boolean
  storage: boolean
  deprecated?: boolean
  deprecationWarning?: string
  schema?: { openAPIV3Schema?: JsonSchema }
  subresources?: { status?: object; scale?: ScalePaths }
  additionalPrinterColumns?: PrinterColumn[]
  selectableFields?: { jsonPath: string }[]
}

/**
 * The definitions of an accepted CRD, its versions in the author's order. Where the storage version is not served,
 * none of them is without `conversion`.
 */
export function definitionsOf(crd: KubeObject, hooks: CrdHooks = {}): ResourceDefinition[] {
  const versions: CrdVersion[] = crd['spec']?.versions ?? []
  const storage = versions.find((version) => version.storage)
  const definitions = new Map<CrdVersion, ResourceDefinition>()
  for (const version of versions) definitions.set(version, definitionOf(crd, version, hooks))
  for (const [version, definition] of definitions) {
    if (version === storage || storage === undefined) continue
    const stored = definitions.get(storage)!
    definition.conversion = conversionOf(definition, stored, hooks)
    if (storage.served) continue
    // Nobody else can judge what is stored, so this definition does, by the rules of the version that is stored.
    definition.setDefaults = stored.setDefaults!
    definition.validate = stored.validate!
  }
  if (storage !== undefined) readCurrent(definitions.get(storage)!, crd)
  return [...definitions].filter(([version]) => version.served).map(([, definition]) => definition)
}

/** Objects stored in other versions, or before a default was declared, are brought up to date when they are read. */
function readCurrent(stored: ResourceDefinition, crd: KubeObject): void {
  const versions: string[] = crd['status']?.storedVersions ?? []
  const mixed = versions.some((version) => version !== stored.version)
  const version = (crd['spec'].versions as CrdVersion[]).find(({ name }) => name === stored.version)
  const hasDefaults = stringifyJson(version?.schema ?? {}).includes('"default":')
  if (!mixed && !hasDefaults) return
  const apiVersion = apiVersionOf(stored.group, stored.version)
  stored.onRead = (object) => {
    const current = deepClone(object)
    current.apiVersion = apiVersion
    applyDefaults(current, structuralOf(stored.schema).declared)
    return current
  }
}

function definitionOf(crd: KubeObject, version: CrdVersion, hooks: CrdHooks): ResourceDefinition {
  const { group, scope } = crd['spec']
  const names = crd['status']?.acceptedNames?.plural ? crd['status'].acceptedNames : crd['spec'].names
  // Built when the kind is first asked for: a start reads all definitions, and most of them wait.
  let built: ObjectSchema | undefined
  const schemaOf = () => {
    built ??= servedSchema(
      version.schema?.openAPIV3Schema ?? { 'x-kubernetes-preserve-unknown-fields': true },
      openApiName(group, version.name, names.kind),
    )
    return built
  }
  const declaredOf = () => structuralOf(schemaOf()).declared
  const scale = version.subresources?.scale
  return {
    group,
    version: version.name,
    kind: names.kind,
    listKind: names.listKind || `${names.kind}List`,
    plural: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === 'Namespaced',
    verbs: isTerminating(crd) ? TERMINATING_VERBS : VERBS,
    get schema() {
      return schemaOf()
    },
    custom: true,
    hasGeneration: true,
    hasStatus: version.subresources?.status !== undefined && version.subresources.status !== null,
    ...(scale ? { scale } : {}),
    subresources: [],
    columns: columnsOf(version.additionalPrinterColumns ?? []),
    selectableFields: selectableFieldsOf(version.selectableFields ?? []),
    stored: true,
    allowUnconditionalUpdate: false,
    setDefaults: (object) => applyDefaults(object, declaredOf()),
    validate: customValidation(
      { apiVersion: apiVersionOf(group, version.name), kind: names.kind, declaredOf, scale },
      hooks,
    ),
    ...deprecationOf({ group, kind: names.kind }, version, crd['spec'].versions),
    warnings: customWarnings,
  }
}

/** `example.com`, `v1`, `Thing` -> `com.example.v1.Thing`. */
export function openApiName(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.')
}

function selectableFieldsOf(fields: readonly { jsonPath: string }[]): ResourceDefinition['selectableFields'] {
  const selectable: Record<string, (object: KubeObject) => string> = {}
  for (const { jsonPath } of fields) {
    const path = parseJsonPath(jsonPath)
    if (path === undefined) continue
    selectable[jsonPath.replace(/^\./, '')] = (object) => {
      const value = evaluateJsonPath(path, object)[0]
      return value === undefined || value === null ? '' : String(value)
    }
  }
  return selectable
}

function isTerminating(crd: KubeObject): boolean {
  const conditions: { type: string; status: string }[] = crd['status']?.conditions ?? []
  return conditions.some((c) => c.type === 'Terminating' && c.status === 'True')
}
