// The words of `brume up`. Data.

import type { CommandSpec, OptionSpec } from '@brume/base/command-line'
import { CNI_CONF, DATA_DIR, ENCRYPTION, EVICTION, LOG_LEVEL, NODE_NAME } from './options.ts'

export const DEFAULT_LISTEN = '0.0.0.0:6443'
/** Of the HTTP edge. */
export const HTTP_PORTS = { http: 80, https: 443 }
/** Every name below it leads to the machine itself (RFC 6761). */
export const DEFAULT_DOMAIN = 'brume.localhost'
/** Where certificates for names of the Internet are had without an account that was made before. */
export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'
/** Of one address at the edge: more than a house full of browsers has, and a small part of all. */
export const EDGE_CLIENT_CONNECTIONS = 2000
/** All files together stay below 600 MiB. */
export const AUDIT_LOG = { maxSizeMib: 100, maxBackups: 5, maxAgeDays: 30 }

const EDGE: readonly OptionSpec[] = [
  {
    name: 'http-port',
    value: 'PORT',
    help: 'Where Ingresses are served, once there is one',
    default: String(HTTP_PORTS.http),
  },
  { name: 'https-port', value: 'PORT', help: 'The same with TLS', default: String(HTTP_PORTS.https) },
  { name: 'no-access-log', help: 'The edge writes no line for each request' },
  {
    name: 'edge-metrics-port',
    value: 'PORT',
    help: "Where the cloud's pods, and this machine, read the edge's figures for Prometheus",
  },
  {
    name: 'edge-client-connections',
    value: 'COUNT',
    help: 'How many connections one address (of IPv6: one /64) may have open at the edge; 0: any number',
    default: String(EDGE_CLIENT_CONNECTIONS),
  },
  {
    name: 'edge-proxy',
    value: 'CIDR',
    help: 'Addresses of proxies in front, which speak for many clients: they may have any number',
    repeats: true,
  },
  {
    name: 'domain',
    value: 'NAME',
    help: 'Apps have names below it; the usual one is for this machine alone',
    default: DEFAULT_DOMAIN,
  },
]

const ACME: readonly OptionSpec[] = [
  {
    name: 'acme-email',
    value: 'ADDRESS',
    help: "Certificates of a CA for Ingresses that ask; by giving an address you accept the CA's terms of service",
  },
  { name: 'acme-directory', value: 'URL', help: 'The CA', default: LETS_ENCRYPT },
  { name: 'acme-ca', value: 'FILE', help: "By which a private CA's own HTTPS is trusted (PEM)" },
  { name: 'acme-eab', value: 'FILE', help: 'Key id and key of a customer, where the CA wants them' },
  {
    name: 'acme-all',
    help: 'Certificates for all hosts but those below .localhost, asked for or not',
  },
]

const AUDIT: readonly OptionSpec[] = [
  {
    name: 'audit-policy-file',
    value: 'FILE',
    help: 'What the audit log records (audit.k8s.io/v1 Policy)',
    default: 'writes, reads of Secrets, refusals',
  },
  {
    name: 'audit-log-maxsize',
    value: 'MIB',
    help: 'When the audit log begins a new file',
    default: String(AUDIT_LOG.maxSizeMib),
  },
  {
    name: 'audit-log-maxbackup',
    value: 'COUNT',
    help: 'How many earlier files of it are kept; 0: all',
    default: String(AUDIT_LOG.maxBackups),
  },
  {
    name: 'audit-log-maxage',
    value: 'DAYS',
    help: 'How long; 0: for ever',
    default: String(AUDIT_LOG.maxAgeDays),
  },
  { name: 'no-audit', help: 'No audit log' },
]

export const UP: CommandSpec = {
  name: 'up',
  summary: 'Start the cloud on this machine, in the foreground',
  details: `
Checks the machine, installs what is missing (apt or apk), and runs containers with a containerd of its own. Prints the
API's address and the path of an administrator's kubeconfig, then "ready". SIGTERM and SIGINT stop it, containers go on;
a second "up" on the same data adopts them.`,
  options: [
    DATA_DIR,
    {
      name: 'listen',
      value: 'ADDR:PORT',
      help: 'Address of the API; port 0: any free one',
      default: DEFAULT_LISTEN,
    },
    { name: 'host', value: 'NAME', help: 'A further name or address that clients use', repeats: true },
    {
      name: 'service-range',
      value: 'CIDR',
      help: 'Cluster addresses of Services',
      default: '10.96.0.0/16',
    },
    {
      name: 'ip-families',
      value: 'FAMILIES',
      help: 'IPv4, or IPv4,IPv6: pods, and Services that ask for it, have both; for a new cloud',
      default: 'IPv4',
    },
    {
      name: 'deny-external-ips',
      help: 'No Service gets spec.externalIPs: whoever writes Services could lead any address to pods',
    },
    {
      name: 'no-node',
      help: 'Control plane alone: needs no root, touches nothing outside the data directory',
    },
    NODE_NAME,
    {
      name: 'pod-range',
      value: 'CIDR',
      help: "Addresses of the cloud's pods",
      default: 'the first /16 from 10.42.0.0 on that no route uses',
    },
    CNI_CONF,
    ENCRYPTION,
    ...EVICTION,
    { name: 'stop-workloads', help: 'Stop containers too when the cloud stops; without it they go on' },
    ...EDGE,
    ...ACME,
    ...AUDIT,
    LOG_LEVEL,
  ],
}
