// The command lines of up, join, down, reset and restore. Each loads only what it needs: an agent alone stays small.

import { parseArgs } from 'node:util'
import type { LogLevel } from '@brume/base/log'
import { ENCRYPTIONS, type Encryption } from '@brume/node/network/encryption'
import { DEFAULT_DATA_DIR } from './data-dir.ts'
import { DEFAULT_DOMAIN, LETS_ENCRYPT } from './defaults.ts'
import { EVICTION_HELP, EVICTION_OPTIONS, evictionOf } from './eviction.ts'
import { UserError } from './user-error.ts'

const DEFAULT_LISTEN = '0.0.0.0:6443'

/** All files together stay below 600 MiB. */
const AUDIT = { maxSizeMib: 100, maxBackups: 5, maxAgeDays: 30 }

const DATA_DIR = `  --data-dir DIR          where all state lives (default ${DEFAULT_DATA_DIR})`

const HELP: Record<string, string> = {
  up: `usage: ./brume up [options]

Starts the cloud on this machine in the foreground: checks the machine, installs what is missing (apt or apk), and runs
containers with a containerd of its own. Prints the API's address and the path of an administrator's kubeconfig, then
"ready". SIGTERM and SIGINT stop it, containers go on; a second "up" on the same data adopts them.

${DATA_DIR}
  --listen ADDR:PORT      address of the API (default ${DEFAULT_LISTEN}; port 0: any free one)
  --host NAME             a further name or address that clients use; may be repeated
  --service-range CIDR    cluster addresses of Services (default 10.96.0.0/16)
  --ip-families FAMILIES  IPv4, or IPv4,IPv6: pods and Services that ask for it have both; for a new cloud (default IPv4)
  --deny-external-ips     no Service gets spec.externalIPs: whoever writes Services could lead any address to pods
  --no-node               control plane alone: needs no root, touches nothing outside the data directory
  --node-name NAME        what this machine is called as a node (default: its host name)
  --pod-range CIDR        addresses of the cloud's pods (default: the first /16 from 10.42.0.0 on that no route uses)
  --cni-conf DIR          a site's own CNI configuration instead of the built-in network
  --encryption WHEN       of what goes to other machines, by WireGuard: auto (where both can do it), required or off
${EVICTION_HELP}
  --stop-workloads        stop containers too when the cloud stops; without it they go on
  --http-port PORT        where Ingresses are served, once there is one (default 80)
  --https-port PORT       the same with TLS (default 443)
  --no-access-log         the edge writes no line for each request
  --edge-metrics-port PORT  where the cloud's pods, and this machine, read the edge's figures for Prometheus
  --domain NAME           apps have names below it (default ${DEFAULT_DOMAIN}: on this machine alone)
  --acme-email ADDRESS    certificates of a CA for Ingresses that ask (brume.dev/certificate: acme); by giving an
                          address you accept the CA's terms of service
  --acme-directory URL    the CA (default ${LETS_ENCRYPT})
  --acme-ca FILE          by which a private CA's own HTTPS is trusted (PEM)
  --acme-eab FILE         key id and key of a customer, where the CA wants them
  --acme-all              certificates for all hosts but those below .localhost, asked for or not
  --audit-policy-file F   what the audit log records (audit.k8s.io/v1 Policy; default: writes, reads of Secrets, refusals)
  --audit-log-maxsize N   MiB after which the audit log begins a new file (default ${AUDIT.maxSizeMib})
  --audit-log-maxbackup N earlier files to keep (default ${AUDIT.maxBackups}; 0: all)
  --audit-log-maxage N    days to keep earlier files (default ${AUDIT.maxAgeDays}; 0: for ever)
  --no-audit              no audit log
  --log-level LEVEL       debug, info, warn or error (default warn)
`,
  join: `usage: ./brume join [https://HOST:PORT --token TOKEN --ca-hash HASH] [options]

Makes this machine a node of a cloud that runs elsewhere: the agent alone, in the foreground. The whole command is printed
on the first machine by: ./brume node token. A machine that has joined needs no arguments.

${DATA_DIR}
  --token TOKEN           lets this machine in, once
  --ca-hash HASH          by which the cloud is known
  --node-name NAME        what this machine is called as a node (default: its host name)
  --cni-conf DIR          a site's own CNI configuration instead of the built-in network
  --encryption WHEN       of what goes to other machines, by WireGuard: auto (where both can do it), required or off
${EVICTION_HELP}
  --log-level LEVEL       debug, info, warn or error (default warn)
`,
  down: `usage: ./brume down [--data-dir DIR] [--stop-workloads]

Stops the cloud that runs on the data directory. Containers go on. Nothing running is no error.

${DATA_DIR}
  --stop-workloads        stop containers too; the next "up" starts them again
`,
  reset: `usage: ./brume reset --data-dir DIR [--yes]

Stops the cloud and its containers, and removes all its state, images and volumes included. There is no way back but a
backup. What is not this cloud's is not touched.

${DATA_DIR}
  --yes                   do not ask
`,
  restore: `usage: ./brume restore FILE [--data-dir DIR] [--keys FILE]

Puts a backup made with "./brume backup" in the place of the store, with its keys, so that the cloud is the one that
its clients know, on another machine too. The cloud must be stopped. What was there is kept beside it.

${DATA_DIR}
  --keys FILE             the keys of the backup (default FILE.keys, if it is there)
  --passphrase-file FILE  what they were protected with
`,
}

/** Runs one command line; the result is the exit code: 0 ok, 1 failed, 2 usage. */
export async function runCommand(argv: string[]): Promise<number> {
  const [name = 'up', ...args] = argv
  try {
    if (args.includes('--help') || args.includes('-h')) {
      process.stdout.write(HELP[name] ?? '')
      return 0
    }
    return await execute(name, args)
  } catch (error) {
    return fail(name, error)
  }
}

async function execute(name: string, args: string[]): Promise<number> {
  const dataDir = { type: 'string', default: DEFAULT_DATA_DIR } as const
  switch (name) {
    case 'up': {
      const { values } = parseArgs({
        args,
        options: {
          'data-dir': dataDir,
          listen: { type: 'string', default: DEFAULT_LISTEN },
          host: { type: 'string', multiple: true, default: [] },
          'service-range': { type: 'string' },
          'ip-families': { type: 'string' },
          'deny-external-ips': { type: 'boolean', default: false },
          'no-node': { type: 'boolean', default: false },
          'node-name': { type: 'string' },
          'pod-range': { type: 'string' },
          'cni-conf': { type: 'string' },
          encryption: { type: 'string', default: 'auto' },
          ...EVICTION_OPTIONS,
          'stop-workloads': { type: 'boolean', default: false },
          'http-port': { type: 'string', default: '80' },
          'https-port': { type: 'string', default: '443' },
          'no-access-log': { type: 'boolean', default: false },
          'edge-metrics-port': { type: 'string' },
          domain: { type: 'string', default: DEFAULT_DOMAIN },
          'acme-email': { type: 'string' },
          'acme-directory': { type: 'string' },
          'acme-ca': { type: 'string' },
          'acme-eab': { type: 'string' },
          'acme-all': { type: 'boolean', default: false },
          'audit-policy-file': { type: 'string' },
          'audit-log-maxsize': { type: 'string', default: String(AUDIT.maxSizeMib) },
          'audit-log-maxbackup': { type: 'string', default: String(AUDIT.maxBackups) },
          'audit-log-maxage': { type: 'string', default: String(AUDIT.maxAgeDays) },
          'no-audit': { type: 'boolean', default: false },
          'log-level': { type: 'string', default: 'warn' },
        },
      })
      const { up } = await import('./up.ts')
      return up({
        dataDir: values['data-dir'],
        listen: values.listen,
        hosts: values.host,
        serviceRange: values['service-range'],
        ipFamilies: values['ip-families'],
        denyExternalIps: values['deny-external-ips'],
        noNode: values['no-node'],
        nodeName: values['node-name'],
        podRange: values['pod-range'],
        cniConfDir: values['cni-conf'],
        encryption: encryptionOf(values.encryption),
        eviction: evictionOf('up', values),
        stopWorkloads: values['stop-workloads'],
        httpPorts: {
          http: portOf('http-port', values['http-port']),
          https: portOf('https-port', values['https-port']),
        },
        accessLog: !values['no-access-log'],
        edgeMetricsPort:
          values['edge-metrics-port'] === undefined
            ? undefined
            : portOf('edge-metrics-port', values['edge-metrics-port']),
        domain: values.domain,
        acme: {
          email: values['acme-email'],
          directory: values['acme-directory'],
          ca: values['acme-ca'],
          eab: values['acme-eab'],
          all: values['acme-all'],
        },
        audit: values['no-audit']
          ? undefined
          : {
              policyFile: values['audit-policy-file'],
              maxSizeMib: countOf('audit-log-maxsize', values['audit-log-maxsize'], 1),
              maxBackups: countOf('audit-log-maxbackup', values['audit-log-maxbackup'], 0),
              maxAgeDays: countOf('audit-log-maxage', values['audit-log-maxage'], 0),
            },
        logLevel: logLevel(values['log-level']),
      })
    }
    case 'restore': {
      const { values, positionals } = parseArgs({
        args,
        allowPositionals: true,
        options: { 'data-dir': dataDir, keys: { type: 'string' }, 'passphrase-file': { type: 'string' } },
      })
      const [file, ...more] = positionals
      if (file === undefined || more.length > 0) throw usage('name one backup file')
      const { restore } = await import('./restore.ts')
      return restore(file, values['data-dir'], {
        keys: values.keys,
        passphraseFile: values['passphrase-file'],
      })
    }
    case 'join': {
      const { values, positionals } = parseArgs({
        args,
        allowPositionals: true,
        options: {
          'data-dir': dataDir,
          token: { type: 'string' },
          'ca-hash': { type: 'string' },
          'node-name': { type: 'string' },
          'cni-conf': { type: 'string' },
          encryption: { type: 'string', default: 'auto' },
          ...EVICTION_OPTIONS,
          'log-level': { type: 'string', default: 'warn' },
        },
      })
      const { joinCloud } = await import('./join/join.ts')
      return joinCloud({
        server: positionals[0],
        token: values.token,
        caHash: values['ca-hash'],
        dataDir: values['data-dir'],
        nodeName: values['node-name'],
        cniConfDir: values['cni-conf'],
        encryption: encryptionOf(values.encryption),
        eviction: evictionOf('join', values),
        logLevel: logLevel(values['log-level']),
      })
    }
    case 'reset': {
      const { values } = parseArgs({
        args,
        options: { 'data-dir': dataDir, yes: { type: 'boolean', default: false } },
      })
      const { reset } = await import('./down.ts')
      return reset(values['data-dir'], values.yes)
    }
    default: {
      const { values } = parseArgs({
        args,
        options: { 'data-dir': dataDir, 'stop-workloads': { type: 'boolean', default: false } },
      })
      const { down } = await import('./down.ts')
      return down(values['data-dir'], { workloads: values['stop-workloads'] })
    }
  }
}

function logLevel(text: string): LogLevel {
  if (text === 'debug' || text === 'info' || text === 'warn' || text === 'error') return text
  throw usage(`--log-level ${text} is not debug, info, warn or error`)
}

function encryptionOf(text: string): Encryption {
  const found = ENCRYPTIONS.find((one) => one === text)
  if (found === undefined) throw usage(`--encryption ${text} is not ${ENCRYPTIONS.join(', ')}`)
  return found
}

function portOf(option: string, text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port
  throw usage(`--${option} ${text} is no port`)
}

function countOf(option: string, text: string, least: number): number {
  const count = Number(text)
  if (/^\d{1,6}$/.test(text) && count >= least) return count
  throw usage(`--${option} ${text} is not a whole number of at least ${least}`)
}

const usage = (message: string) => Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS' })

function fail(name: string, error: unknown): number {
  const code = (error as { code?: string }).code ?? ''
  const message = error instanceof Error ? error.message : String(error)
  if (code.startsWith('ERR_PARSE_ARGS')) {
    process.stderr.write(`brume ${name}: ${message}\nnext: ./brume ${name} --help\n`)
    return 2
  }
  if (error instanceof UserError) {
    process.stderr.write(`brume ${name}: ${message}\nnext: ${error.next}\n`)
    return error.exitCode
  }
  process.stderr.write(`brume ${name}: unexpected: ${error instanceof Error ? error.stack : message}\n`)
  return 1
}
