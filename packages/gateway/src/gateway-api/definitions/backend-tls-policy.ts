// BackendTLSPolicy: that a Service is spoken to by TLS, and what its certificate has to be.

import type { Definition } from './definition.ts'
import {
  conditions,
  controllerName,
  group,
  kindName,
  name,
  parentRef,
  preciseHostname,
  sectionName,
} from './parts.ts'
import { choice, kind, list, mapOfText, object, says, text } from './schema.ts'

const targetRef = object({
  'group!': group,
  'kind!': kindName,
  'name!': name,
  sectionName: says('One port of the Service, by its name; all if empty.', sectionName),
})
const wildcardHostname = text(253, { pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' })

const validation = object({
  caCertificateRefs: says(
    'ConfigMaps of the same namespace that hold the CA under the key ca.crt.',
    list(object({ 'group!': group, 'kind!': kindName, 'name!': name }), 8),
  ),
  wellKnownCACertificates: says('System: those that the machine of the edge trusts.', text(253)),
  'hostname!': says('Asked for in the hello, and to be in the certificate.', preciseHostname),
  subjectAltNames: says(
    'Other names to find in the certificate. brume.dev/gateway serves hostname alone.',
    list(
      object({
        'type!': choice('Hostname URI'),
        hostname: wildcardHostname,
        uri: text(253),
      }),
      5,
    ),
  ),
})

const ancestor = object({
  'ancestorRef!': parentRef,
  'controllerName!': controllerName,
  'conditions!': { ...conditions, minItems: 1 },
})

export const BACKEND_TLS_POLICY: Definition = {
  names: {
    plural: 'backendtlspolicies',
    singular: 'backendtlspolicy',
    kind: 'BackendTLSPolicy',
    shortNames: ['btlspolicy'],
  },
  scope: 'Namespaced',
  versions: ['v1'],
  storage: 'v1',
  columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  labels: { 'gateway.networking.k8s.io/policy': 'Direct' },
  schema: kind(
    'That a Service is spoken to by TLS, and how its certificate is judged.',
    object({
      'targetRefs!': says('Services of the same namespace.', list(targetRef, 16, { minItems: 1 })),
      'validation!': validation,
      options: mapOfText(16, { type: 'string', maxLength: 4096 }),
    }),
    object({ 'ancestors!': says('What each Gateway has made of it.', list(ancestor, 16)) }),
  ),
}
