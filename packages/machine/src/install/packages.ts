// What a machine needs to run containers, and which package of a distribution has it. Data.

import { existsSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import type { Installer } from '../distribution.ts'
import { findCniPlugins, findExecutable } from '../executables.ts'

export interface Need {
  /** A program, or what it is for people. */
  name: string
  packages: Readonly<Record<Installer, string>>
  isThere(): boolean
}

const CERTIFICATES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

const program = (name: string, apt: string, apk: string): Need => ({
  name,
  packages: { apt, apk },
  isThere: () => findExecutable(name) !== undefined,
})

export const NEEDS: readonly Need[] = [
  program('containerd', 'containerd', 'containerd'),
  program('containerd-shim-runc-v2', 'containerd', 'containerd'),
  program('ctr', 'containerd', 'containerd-ctr'),
  program('runc', 'runc', 'runc'),
  {
    name: 'CNI plugins',
    packages: { apt: 'containernetworking-plugins', apk: 'cni-plugins' },
    isThere: () => findCniPlugins() !== undefined,
  },
  program('haproxy', 'haproxy', 'haproxy'),
  program('nft', 'nftables', 'nftables'),
  program('conntrack', 'conntrack', 'conntrack-tools'),
  {
    // BusyBox has an `ip` that prints no JSON and makes no bridges.
    name: 'ip (iproute2)',
    packages: { apt: 'iproute2', apk: 'iproute2' },
    isThere: () => isNoBusybox(findExecutable('ip')),
  },
  program('mount', 'mount', 'util-linux-misc'),
  program('nsenter', 'util-linux', 'util-linux-misc'),
  {
    // Of public registries.
    name: 'CA certificates',
    packages: { apt: 'ca-certificates', apk: 'ca-certificates' },
    isThere: () => CERTIFICATES.some((path) => existsSync(path)),
  },
]

/** Only where tunnels to other nodes must be encrypted. */
export const ENCRYPTION_NEED: Need = program('wg', 'wireguard-tools', 'wireguard-tools-wg')

/** Alpine's small programs are links to one. */
export function isNoBusybox(path: string | undefined): boolean {
  return path !== undefined && !basename(realpathSync(path)).startsWith('busybox')
}

export function missingNeeds(needs: readonly Need[] = NEEDS): Need[] {
  return needs.filter((need) => !need.isThere())
}

/** Each once, in order. */
export function packagesFor(needs: readonly Need[], installer: Installer): string[] {
  return [...new Set(needs.map(({ packages }) => packages[installer]))]
}
