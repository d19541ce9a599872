// The kind DnsZone (brume.dev/v1), as a CustomResourceDefinition that every cloud has: names that somebody writes, and
// zones that are asked of other servers.

import type { KubeObject } from '../object.ts'

export const BRUME_GROUP = 'brume.dev'
const RECORD_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'SRV', 'TXT']
const MAX_RECORDS = 2000
const MAX_VALUES = 100

const text = (description: string, maxLength = 253) => ({ type: 'string', maxLength, description })

const RECORD = {
  type: 'object',
  required: ['name', 'type', 'values'],
  properties: {
    name: text('Below the zone: www, *.apps, or @ for the zone itself.'),
    type: { type: 'string', enum: RECORD_TYPES },
    values: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_VALUES,
      items: text(
        'An address; a whole name (CNAME); a text (TXT); "10 mail.example.com" (MX); "0 5 389 ldap.example.com" (SRV).',
        4096,
      ),
    },
  },
}

const SPEC = {
  type: 'object',
  required: ['zone'],
  properties: {
    zone: text('Its name: corp.example.com. A dot alone means all names that no other zone has.'),
    ttlSeconds: { type: 'integer', minimum: 0, maximum: 86_400, default: 30 },
    namespaces: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      items: text('The zone is for pods of these namespaces alone. Default: for everybody.', 63),
    },
    records: { type: 'array', maxItems: MAX_RECORDS, items: RECORD },
    forward: {
      type: 'object',
      description: 'Names that have no record are asked of these servers. Default: they do not exist.',
      properties: {
        servers: {
          type: 'array',
          maxItems: 8,
          items: text("192.0.2.53 or 192.0.2.53:5353, asked in this order. Default: the node's own.", 60),
        },
      },
    },
  },
}

const CONDITION = {
  type: 'object',
  required: ['type', 'status'],
  properties: {
    type: text('Ready'),
    status: text('True or False', 16),
    reason: text('For machines'),
    message: text('For people', 32_768),
    lastTransitionTime: { type: 'string', format: 'date-time' },
    observedGeneration: { type: 'integer', format: 'int64' },
  },
}

export const DNS_ZONE_DEFINITION: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `dnszones.${BRUME_GROUP}` },
  spec: {
    group: BRUME_GROUP,
    scope: 'Cluster',
    names: { plural: 'dnszones', singular: 'dnszone', kind: 'DnsZone', listKind: 'DnsZoneList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Zone', type: 'string', jsonPath: '.spec.zone' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: SPEC,
              status: {
                type: 'object',
                properties: {
                  conditions: {
                    type: 'array',
                    items: CONDITION,
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['type'],
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
}
