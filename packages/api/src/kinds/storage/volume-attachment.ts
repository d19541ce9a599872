// VolumeAttachment: the wish that a volume be attached to a node.

import { type FieldError, forbiddenField, required, tooLong } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named } from '../../validate/fields.ts'
import { immutable } from '../../validate/immutable.ts'
import { byteLength } from '../../validate/json.ts'
import { isDNS1123Subdomain } from '../../validate/names.ts'
import { boolean, text } from '../cells.ts'
import { age } from '../columns.ts'
import { validateCsiDriverName } from '../core/pod/volume-sources.ts'
import { defineKind } from '../define.ts'

export const volumeAttachment = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  statusKeepsMetadata: 'all',
  namespaced: false,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  columns: [
    text('Attacher', (object) => object.spec?.attacher),
    text('PV', (object) => object.spec?.source?.persistentVolumeName ?? ''),
    text('Node', (object) => object.spec?.nodeName),
    boolean('Attached', (object) => object.status?.attached ?? false),
    age,
  ],
  validate: validateVolumeAttachment,
  validateUpdate: (object, old) => immutable(object.spec, old.spec, 'spec'),
  validateStatusUpdate: validateErrors,
})

const MAX_ERROR_BYTES = 1024

function validateVolumeAttachment(object: KubeObject): FieldError[] {
  const { attacher = '', nodeName = '', source = {} } = object.spec ?? {}
  const errors: FieldError[] = []
  if (attacher === '') errors.push(required('spec.attacher', attacher))
  const volume: string | null = source.persistentVolumeName ?? null
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (volume !== null && source.inlineVolumeSpec) errors.push(forbiddenField('spec.source', one))
  else if (volume === null && !source.inlineVolumeSpec) errors.push(required('spec.source', one))
  else if (volume === '') {
    errors.push(required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName'))
  }
  errors.push(...named('spec.nodeName', nodeName, isDNS1123Subdomain))
  errors.push(...validateErrors(object))
  if (attacher !== '') errors.push(...validateCsiDriverName(attacher, 'spec.attacher'))
  if (volume) errors.push(...named('spec.source.persistentVolumeName', volume, isDNS1123Subdomain))
  return errors
}

function validateErrors(object: KubeObject): FieldError[] {
  return ['attachError', 'detachError']
    .filter((name) => byteLength(object.status?.[name]?.message ?? '') > MAX_ERROR_BYTES)
    .map((name) => tooLong(`status.${name}.message`, MAX_ERROR_BYTES))
}
