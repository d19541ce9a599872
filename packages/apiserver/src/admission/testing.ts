// What the tests of admission plugins share: requests, objects and the parts that plugins ask.

import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import { rbacAuthorizer } from '../auth/authorizers/rbac.ts'
import { createRbacIndex } from '../auth/authorizers/rbac-index.ts'
import { superuserAuthorizer, unionAuthorizer } from '../auth/authorizers/union.ts'
import { ObjectMap } from '../auth/testing/object-map.ts'
import type { UserInfo } from '../auth/types.ts'
import { ResourceRegistry } from '../registry/resources.ts'
import type { AdmissionDeps } from './deps.ts'
import type { AdmissionPlugin, AdmissionRequest } from './types.ts'

export const ANNA: UserInfo = { name: 'anna', groups: ['devs', 'system:authenticated'] }

export interface TestState {
  objects: ObjectMap
  deps: AdmissionDeps
  /** Milliseconds since the epoch. */
  time: { now: number }
  timers: (() => void)[]
}

/** A clock that stands still; its timers run when the test says so. */
export function testState(): TestState {
  const objects = new ObjectMap()
  const time = { now: Date.parse('2026-01-01T00:00:00Z') }
  const timers: (() => void)[] = []
  const clock = {
    now: () => time.now,
    after(_delayMs: number, fn: () => void) {
      timers.push(fn)
      return { cancel: () => void timers.splice(timers.indexOf(fn), 1) }
    },
  }
  const rbac = createRbacIndex(objects)
  const authorizer = unionAuthorizer([superuserAuthorizer, rbacAuthorizer(rbac)])
  const registry = new ResourceRegistry([])
  return { objects, deps: { reader: objects, registry, clock, authorizer, rbac }, time, timers }
}

export function object(kind: string, metadata: KubeObject['metadata'], fields: object = {}): KubeObject {
  return { apiVersion: 'v1', kind, metadata, ...fields }
}

export type RequestFields = Partial<AdmissionRequest> & {
  warnings?: string[]
  /** For the audit log. */
  annotations?: Record<string, string>
}

/** `of`: `group/plural/subresource`, e.g. `/pods/` or `apps/deployments/scale`. */
export function admissionRequest(of: string, fields: RequestFields): AdmissionRequest {
  const [group = '', plural = '', subresource = ''] = of.split('/')
  const { warnings = [], annotations = {}, ...given } = fields
  const resource = { group, version: 'v1', plural, stored: true } as ResourceDefinition
  const source = given.object ?? given.oldObject
  return {
    operation: 'CREATE',
    resource,
    subresource,
    namespace: source?.metadata.namespace ?? '',
    name: source?.metadata.name ?? '',
    object: undefined,
    oldObject: undefined,
    user: ANNA,
    dryRun: false,
    warn: (text) => warnings.push(text),
    annotate(key, value) {
      annotations[key] = value
    },
    ...given,
  }
}

/** Mutates, then validates, as the server does. */
export async function admit(plugin: AdmissionPlugin, request: AdmissionRequest): Promise<AdmissionRequest> {
  await plugin.mutate?.(request)
  await plugin.validate?.(request)
  return request
}
