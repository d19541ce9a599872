// PodTemplate: a stored description of pods.

import { text } from '../cells.ts'
import { mapText } from '../columns.ts'
import { defineKind } from '../define.ts'
import { joined } from '../workload-cells.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { validatePodTemplate } from './pod/template.ts'
import { podWarnings } from './pod/warnings.ts'

export const podTemplate = defineKind({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  hasGeneration: true,
  columns: [
    text('Containers', (object) => joined(object['template']?.spec, 'name')),
    text('Images', (object) => joined(object['template']?.spec, 'image')),
    text('Pod Labels', (object) => mapText(object['template']?.metadata?.labels)),
  ],
  validate: (object) => validatePodTemplate(object['template'], 'template'),
  warnings: (object) => podWarnings(object['template']?.spec, object['template']?.metadata, 'template.'),
  setDefaults: (object) => defaultPodTemplate(object['template']),
})
