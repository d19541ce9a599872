// All commands of `brume`: those here, and those that the launcher runs itself.

import type { CommandSpec, OptionSpec } from '@brume/base/command-line'
import type { Command } from './command.ts'
import { audit } from './commands/audit.ts'
import { backup } from './commands/backup.ts'
import { completion } from './commands/completion.ts'
import { doctor } from './commands/doctor.ts'
import { explain } from './commands/explain.ts'
import { image } from './commands/image/image.ts'
import { kubeconfig } from './commands/kubeconfig.ts'
import { logs } from './commands/logs.ts'
import { net } from './commands/net.ts'
import { node } from './commands/node/node.ts'
import { rotateKey } from './commands/rotate-key.ts'
import { runApp } from './commands/run.ts'
import { service } from './commands/service.ts'
import { status } from './commands/status.ts'
import { version } from './commands/version.ts'

export const COMMANDS: readonly Command[] = [
  status,
  runApp,
  explain,
  kubeconfig,
  image,
  backup,
  rotateKey,
  doctor,
  audit,
  logs,
  net,
  node,
  service,
  version,
  completion,
]

const DATA_DIR: OptionSpec = { name: 'data-dir', value: 'DIR', help: 'Where all state lives' }

/** When pods have to go; the names are the kubelet's. */
const EVICTION: readonly OptionSpec[] = [
  { name: 'eviction-hard', value: 'LIST', help: 'When pods have to go at once' },
  { name: 'eviction-soft', value: 'LIST', help: 'When pods have to go after a while' },
  { name: 'eviction-soft-grace-period', value: 'LIST', help: 'After how long' },
  { name: 'eviction-max-pod-grace-period', value: 'SECONDS', help: 'What a pod has at most then, to end' },
]

const LOG_LEVEL: OptionSpec = {
  name: 'log-level',
  value: 'LEVEL',
  help: 'How much is logged',
  choices: ['debug', 'info', 'warn', 'error'],
}

/** Run by the launcher (`./brume`), with their own --help. Their options are here for shell completion. */
export const LAUNCHER_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'up',
    summary: 'Start the cloud on this machine, in the foreground',
    options: [
      DATA_DIR,
      { name: 'listen', value: 'ADDR:PORT', help: 'Address of the API' },
      { name: 'host', value: 'NAME', help: 'A further name or address that clients use' },
      { name: 'service-range', value: 'CIDR', help: 'Cluster addresses of Services' },
      { name: 'ip-families', value: 'FAMILIES', help: 'IPv4, or IPv4,IPv6' },
      { name: 'deny-external-ips', help: 'No Service gets external IPs' },
      { name: 'no-node', help: 'Control plane alone' },
      { name: 'node-name', value: 'NAME', help: 'What this machine is called as a node' },
      { name: 'pod-range', value: 'CIDR', help: "Addresses of the cloud's pods" },
      { name: 'cni-conf', value: 'DIR', help: "A site's own CNI configuration" },
      {
        name: 'encryption',
        value: 'WHEN',
        help: 'Of what goes to other machines',
        choices: ['auto', 'required', 'off'],
      },
      ...EVICTION,
      { name: 'stop-workloads', help: 'Stop containers too when the cloud stops' },
      { name: 'http-port', value: 'PORT', help: 'Where Ingresses are served' },
      { name: 'https-port', value: 'PORT', help: 'The same with TLS' },
      { name: 'no-access-log', help: 'The edge writes no line for each request' },
      { name: 'edge-metrics-port', value: 'PORT', help: "Where Prometheus reads the edge's figures" },
      { name: 'domain', value: 'NAME', help: 'Apps have names below it' },
      {
        name: 'acme-email',
        value: 'ADDRESS',
        help: 'Certificates of a CA, whose terms are accepted by that',
      },
      { name: 'acme-directory', value: 'URL', help: "The CA (default: Let's Encrypt)" },
      { name: 'acme-ca', value: 'FILE', help: "By which a private CA's own HTTPS is trusted" },
      { name: 'acme-eab', value: 'FILE', help: 'Key id and key of a customer' },
      { name: 'acme-all', help: 'Certificates for all hosts that a CA could know' },
      { name: 'audit-policy-file', value: 'FILE', help: 'What the audit log records' },
      { name: 'audit-log-maxsize', value: 'MIB', help: 'When the audit log begins a new file' },
      { name: 'audit-log-maxbackup', value: 'COUNT', help: 'How many earlier files of it are kept' },
      { name: 'audit-log-maxage', value: 'DAYS', help: 'How long' },
      { name: 'no-audit', help: 'No audit log' },
      LOG_LEVEL,
    ],
  },
  {
    name: 'join',
    usage: '[URL]',
    summary: 'Make this machine a node of a cloud that runs elsewhere',
    options: [
      DATA_DIR,
      { name: 'token', value: 'TOKEN', help: 'Lets this machine in, once' },
      { name: 'ca-hash', value: 'HASH', help: 'By which the cloud is known' },
      { name: 'node-name', value: 'NAME', help: 'What this machine is called as a node' },
      { name: 'cni-conf', value: 'DIR', help: "A site's own CNI configuration" },
      {
        name: 'encryption',
        value: 'WHEN',
        help: 'Of what goes to other machines',
        choices: ['auto', 'required', 'off'],
      },
      ...EVICTION,
      LOG_LEVEL,
    ],
  },
  {
    name: 'down',
    summary: 'Stop the cloud that runs on this machine',
    options: [DATA_DIR, { name: 'stop-workloads', help: 'Stop containers too' }],
  },
  {
    name: 'reset',
    summary: 'Remove the cloud of this machine with all its state',
    options: [DATA_DIR, { name: 'yes', help: 'Do not ask' }],
  },
  {
    name: 'restore',
    usage: 'FILE',
    summary: 'Put a backup in the place of a stopped cloud',
    options: [
      DATA_DIR,
      { name: 'keys', value: 'FILE', help: 'The keys of the backup' },
      { name: 'passphrase-file', value: 'FILE', help: 'What they were protected with' },
    ],
  },
  {
    name: 'test',
    summary: 'Run every test that can run on this machine',
    options: [{ name: 'list', help: 'Show the test files' }],
  },
  { name: 'bench', usage: '[NAME]', summary: 'Run the benchmarks against their peers' },
]

export const SUMMARY = 'Brume: a private cloud behind the Kubernetes API.'

export const FOOTER = `
Everything else is the Kubernetes API: use kubectl, helm or any other client of it.
  ./brume kubeconfig --merge && kubectl get pods --all-namespaces

Exit codes: 0 ok, 1 failed, 2 wrong usage. Help of one command: brume COMMAND --help`
