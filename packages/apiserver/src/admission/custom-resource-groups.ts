// Kinds of the server's own are not replaced: a CustomResourceDefinition under one of their groups and versions, or
// for objects that are kept under the same keys, would take their place, rules and objects alike.

import type { AdmissionDeps } from './deps.ts'
import { concerns, forbid, type Json } from './request.ts'
import type { AdmissionPlugin } from './types.ts'

export function customResourceGroups({ registry }: Pick<AdmissionDeps, 'registry'>): AdmissionPlugin {
  return {
    name: 'CustomResourceGroups',
    validate(request) {
      const { object, operation } = request
      if (operation !== 'CREATE' && operation !== 'UPDATE') return
      if (object === undefined || !concerns(request, 'apiextensions.k8s.io', 'customresourcedefinitions'))
        return
      const { group = '', names = {}, versions = [] }: Json = object['spec'] ?? {}
      const taken = registry
        .builtin()
        .find(
          (own) =>
            own.group === group &&
            (own.plural === names.plural || versions.some(({ name }: Json) => name === own.version)),
        )
      if (taken === undefined) return
      const what = taken.plural === names.plural ? `${taken.plural}.${group}` : `${group}/${taken.version}`
      throw forbid(request, `${what} is served by the API server itself`)
    },
  }
}
