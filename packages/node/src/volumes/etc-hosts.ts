// The pod's /etc/hosts: its own addresses and name, and its hostAliases; with the node's network, the node's file. The
// first line is the one by which programs tell that the file is kept for them.

import { chmod, readFile, writeFile } from 'node:fs/promises'
import { listOf } from '@brume/api/validate/json'
import { podHostname } from '../containers/hostname.ts'
import type { Pod } from '../contract.ts'

export const ETC_HOSTS = '/etc/hosts'

const FIXED = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
]

export interface HostsOptions {
  pod: Pod
  podIps: readonly string[]
  clusterDomain: string
}

/** Written in place: containers that run already have this very file. */
export async function ensureEtcHosts(path: string, options: HostsOptions): Promise<void> {
  const isHostNetwork = options.pod['spec'].hostNetwork === true
  const text = isHostNetwork
    ? hostNetworkFile(await readFile(ETC_HOSTS, 'utf8'), options.pod)
    : ownFile(options)
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return
  await writeFile(path, text)
  await chmod(path, 0o644)
}

function hostNetworkFile(ofNode: string, pod: Pod): string {
  return `# Kubernetes-managed hosts file (host network).\n${ofNode}${aliases(pod)}`
}

function ownFile({ pod, podIps, clusterDomain }: HostsOptions): string {
  const { hostname, domain } = podHostname(pod, clusterDomain)
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`
  const lines = ['# Kubernetes-managed hosts file.', ...FIXED, ...podIps.map((ip) => `${ip}\t${names}`)]
  return `${lines.join('\n')}\n${aliases(pod)}`
}

function aliases(pod: Pod): string {
  const lines = listOf(pod['spec'].hostAliases).map(
    ({ ip, hostnames }) => `${ip}\t${listOf(hostnames).join('\t')}`,
  )
  return lines.length === 0 ? '' : `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`
}
