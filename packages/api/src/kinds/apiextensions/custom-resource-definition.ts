// CustomResourceDefinition: a kind of the user's own.

import { deepEqual } from '@brume/base/values'
import type { KubeObject } from '../../object.ts'
import { defineKind } from '../define.ts'
import { validateCrd, validateCrdUpdate } from './validate-crd.ts'
import { validateNames } from './validate-names.ts'
import { crdWarnings } from './warnings.ts'

interface Version {
  name: string
  storage?: boolean
}

export const customResourceDefinition = defineKind({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  statusKeepsMetadata: 'all',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  typeName: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  allowUnconditionalUpdate: false,
  columns: [
    {
      name: 'Created At',
      type: 'date',
      description: 'When the object was created.',
      cell: (object) => object.metadata.creationTimestamp ?? null,
    },
  ],
  setDefaults,
  prepareForCreate: (crd) => noteStoredVersion(crd),
  prepareForUpdate(crd, old) {
    // The status is kept from the old object, but for the version that is stored from now on.
    if (!deepEqual(crd['spec'], old['spec'])) noteStoredVersion(crd)
  },
  validate: validateCrd,
  validateUpdate: validateCrdUpdate,
  validateStatusUpdate: (crd) => validateNames(crd['status']?.acceptedNames ?? {}, 'status.acceptedNames'),
  warnings: crdWarnings,
})

function setDefaults(crd: KubeObject): void {
  const spec = crd['spec']
  if (!spec) return
  spec.names ??= {}
  const { names } = spec
  if (!names.singular) names.singular = (names.kind ?? '').toLowerCase()
  if (!names.listKind && names.kind) names.listKind = `${names.kind}List`
  spec.conversion ??= { strategy: 'None' }
  const service = spec.conversion.webhook?.clientConfig?.service
  if (service && service.port === undefined) service.port = 443
}

/** Objects may be stored in every version that ever was the storage version, until they were migrated. */
function noteStoredVersion(crd: KubeObject): void {
  const storage = ((crd['spec']?.versions ?? []) as Version[]).find((version) => version.storage)?.name
  if (storage === undefined) return
  const status = { ...crd['status'] }
  const stored: string[] = status.storedVersions ?? []
  if (!stored.includes(storage)) crd['status'] = { ...status, storedVersions: [...stored, storage] }
}
