// `brume up`: what its options mean.

import type { ParsedCommand } from '@brume/base/command-line'
import { AUDIT_LOG, DEFAULT_DOMAIN, DEFAULT_LISTEN, HTTP_PORTS, UP } from '@brume/machine/commands/up'
import type { AuditOptions } from '../up/audit-settings.ts'
import { up } from '../up/up.ts'
import { countOf, dataDirOf, encryptionOf, logLevelOf, portOf, type ServerCommand } from './command.ts'
import { edgeClientsOf } from './edge-clients.ts'
import { evictionOf } from './eviction.ts'

export const upCommand: ServerCommand = {
  spec: UP,
  async run({ options, lists }) {
    return up({
      dataDir: dataDirOf(options),
      listen: options['listen'] ?? DEFAULT_LISTEN,
      hosts: lists['host'] ?? [],
      serviceRange: options['service-range'],
      ipFamilies: options['ip-families'],
      denyExternalIps: options['deny-external-ips'] !== undefined,
      noNode: options['no-node'] !== undefined,
      nodeName: options['node-name'],
      podRange: options['pod-range'],
      cniConfDir: options['cni-conf'],
      encryption: encryptionOf(options),
      eviction: evictionOf('up', options),
      stopWorkloads: options['stop-workloads'] !== undefined,
      httpPorts: {
        http: portOf(options, 'http-port') ?? HTTP_PORTS.http,
        https: portOf(options, 'https-port') ?? HTTP_PORTS.https,
      },
      accessLog: options['no-access-log'] === undefined,
      edgeMetricsPort: portOf(options, 'edge-metrics-port'),
      edgeClients: edgeClientsOf({ options, lists }),
      domain: options['domain'] ?? DEFAULT_DOMAIN,
      acme: {
        email: options['acme-email'],
        directory: options['acme-directory'],
        ca: options['acme-ca'],
        eab: options['acme-eab'],
        all: options['acme-all'] !== undefined,
      },
      audit: auditOf(options),
      logLevel: logLevelOf(options),
    })
  },
}

function auditOf(options: ParsedCommand['options']): AuditOptions | undefined {
  if (options['no-audit'] !== undefined) return undefined
  return {
    policyFile: options['audit-policy-file'],
    maxSizeMib: countOf(options, 'audit-log-maxsize', 1, AUDIT_LOG.maxSizeMib),
    maxBackups: countOf(options, 'audit-log-maxbackup', 0, AUDIT_LOG.maxBackups),
    maxAgeDays: countOf(options, 'audit-log-maxage', 0, AUDIT_LOG.maxAgeDays),
  }
}
