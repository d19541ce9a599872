// What this node's pods are told about it, read from the machine once at the start.

import { existsSync, readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { ownNames } from '@brume/machine/own-names'
import { parseResolvConf } from '../containers/dns.ts'
import { cgroupSettingsOf, type Hierarchy } from '../containers/hierarchies.ts'
import type { DnsConfig, NodeSettings } from '../containers/settings.ts'
import type { NodeDirs } from '../contract.ts'

export interface SettingsOptions {
  dataDir: string
  dirs: NodeDirs
  hierarchies: readonly Hierarchy[]
  /** Domain of Services; their DNS server, if there is one. */
  clusterDomain: string
  clusterDns: readonly string[]
  hostIps: readonly string[]
  allocatable(): NodeSettings['allocatable']
}

/** systemd-resolved's stub listens on a loopback address, which pods cannot reach: its own upstream list is used. */
const RESOLV_CONFS = ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf']

export function readNodeSettings(options: SettingsOptions): NodeSettings {
  const { dataDir, dirs, hierarchies, clusterDomain, clusterDns, hostIps } = options
  return {
    clusterDomain,
    clusterDns,
    hostDns: readHostDns(),
    hostIps,
    get allocatable() {
      return options.allocatable()
    },
    memoryCapacityBytes: totalmem(),
    cgroups: cgroupSettingsOf(hierarchies, cgroupRoot(dataDir)),
    seccompDir: join(dirs.root, 'seccomp'),
    sandboxProfile: join(dirs.root, 'sandbox-seccomp.json'),
    seccompDefault: true,
    logsDir: dirs.logs,
  }
}

/** Above all pods of this cloud. */
export function cgroupRoot(dataDir: string): string {
  return `${ownNames(dataDir).cgroup}/kubepods`
}

/** What the node itself asks. */
export function readHostDns(): DnsConfig {
  return parseResolvConf(resolvConf())
}

function resolvConf(): string {
  const path = RESOLV_CONFS.find((candidate) => existsSync(candidate))
  return path === undefined ? '' : readFileSync(path, 'utf8')
}
