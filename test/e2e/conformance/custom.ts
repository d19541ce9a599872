// Custom resource definitions for the suites, and waiting for what they bring.

import { eventually } from '@brume/testkit/eventually'
import { type Api, type Json, unique } from './api.ts'

export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

export interface CustomKind {
  group: string
  plural: string
  kind: string
  /** `<plural>.<group>` */
  name: string
  /** Of one served version. */
  path(version?: string): string
  namespaced(namespace: string, version?: string): string
  apiVersion(version?: string): string
}

export interface Shape {
  schema?: object
  versions?: object[]
  /** Merged into spec. */
  spec?: object
  labels?: Record<string, string>
  kind?: Pick<CustomKind, 'group' | 'plural' | 'kind'>
}

export const OBJECT = { type: 'object' }
export const ANYTHING = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

export const version = (name: string, schema: object, more: object = {}): object => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: schema },
  ...more,
})

export function customKind(names: Partial<Pick<CustomKind, 'group' | 'plural' | 'kind'>> = {}): CustomKind {
  const { group = `${unique('g')}.example.com`, plural = 'foos', kind = 'Foo' } = names
  const path = (served = 'v1') => `/apis/${group}/${served}/${plural}`
  return {
    group,
    plural,
    kind,
    name: `${plural}.${group}`,
    path,
    namespaced: (namespace, served = 'v1') => `/apis/${group}/${served}/namespaces/${namespace}/${plural}`,
    apiVersion: (served = 'v1') => `${group}/${served}`,
  }
}

export function definitionOf(
  kind: CustomKind,
  { schema = ANYTHING, versions, spec, labels = {} }: Shape = {},
): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: kind.name, labels },
    spec: {
      group: kind.group,
      scope: 'Namespaced',
      names: { plural: kind.plural, kind: kind.kind },
      versions: versions ?? [version('v1', schema)],
      ...spec,
    },
  }
}

/** Creates it and waits until it is established and served. */
export async function define(api: Api, shape: Shape = {}): Promise<CustomKind> {
  const kind = customKind(shape.kind)
  await api.create(CRDS, definitionOf(kind, shape))
  await established(api, kind)
  return kind
}

export async function established(api: Api, { name }: CustomKind): Promise<Json> {
  return eventually(`${name} is established`, async () => {
    const definition = await api.get(`${CRDS}/${name}`)
    const conditions: Json[] = definition.status?.conditions ?? []
    const holds = (type: string) => conditions.some((one) => one.type === type && one.status === 'True')
    return holds('Established') && holds('NamesAccepted') ? definition : undefined
  })
}

/** Deletes it and waits until it is gone. */
export async function undefine(api: Api, { name }: CustomKind): Promise<void> {
  await api.delete(`${CRDS}/${name}`)
  await eventually(`${name} is gone`, async () => (await api.send('GET', `${CRDS}/${name}`)).status === 404)
}
