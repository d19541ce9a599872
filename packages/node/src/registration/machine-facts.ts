// What the Node object says of the machine: read from /proc, /sys and the operating system's own files.

import { readdirSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { cpus, hostname, release, totalmem } from 'node:os'
import { nodeAddress } from './addresses.ts'

export interface MachineFacts {
  hostname: string
  /** As Go names it: amd64, arm64, ... */
  arch: string
  /** IPv4 (or, without any, IPv6) by which other machines reach this one. */
  address: string
  cpus: number
  memoryBytes: number
  /** `hugepages-2Mi` -> bytes set aside for pages of that size; sizes without pages are 0. */
  hugepages: Readonly<Record<string, number>>
  /** Of the file system that holds the node's data. */
  diskBytes: number
  kernelVersion: string
  osImage: string
  machineId: string
  /** Another after each boot. */
  bootId: string
  systemUuid: string
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }
const HUGEPAGES = '/sys/kernel/mm/hugepages'

/** `dataRoot` is any directory on the file system that holds pods, images and logs. */
export async function readMachineFacts(dataRoot: string): Promise<MachineFacts> {
  const { bsize, blocks } = await statfs(dataRoot)
  const machineId = readLine('/etc/machine-id') ?? readLine('/var/lib/dbus/machine-id') ?? ''
  return {
    hostname: hostname().toLowerCase(),
    arch: goArchitecture(),
    address: nodeAddress(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
    hugepages: readHugepages(),
    diskBytes: bsize * blocks,
    kernelVersion: release(),
    osImage: osImageOf(readText('/etc/os-release') ?? ''),
    machineId,
    bootId: readLine('/proc/sys/kernel/random/boot_id') ?? '',
    systemUuid: readLine('/sys/class/dmi/id/product_uuid') ?? machineId,
  }
}

/** Of this machine, as Go and images name it. */
export function goArchitecture(): string {
  return GO_ARCHITECTURES[process.arch] ?? process.arch
}

/** PRETTY_NAME of os-release(5), without its quotes. */
export function osImageOf(osRelease: string): string {
  const line = /^PRETTY_NAME=(.*)$/m.exec(osRelease)?.[1] ?? ''
  return line.trim().replace(/^(["'])(.*)\1$/, '$2') || 'Linux'
}

/** The resource's name for pages of `sizeKb`: hugepages-64Ki, hugepages-2Mi, hugepages-1Gi. */
export function hugepagesResource(sizeKb: number): string {
  if (sizeKb % (1024 * 1024) === 0) return `hugepages-${sizeKb / (1024 * 1024)}Gi`
  return sizeKb % 1024 === 0 ? `hugepages-${sizeKb / 1024}Mi` : `hugepages-${sizeKb}Ki`
}

function readHugepages(): Record<string, number> {
  const found: Record<string, number> = {}
  for (const folder of listOf(HUGEPAGES)) {
    const sizeKb = Number(/^hugepages-(\d+)kB$/.exec(folder)?.[1])
    if (!Number.isSafeInteger(sizeKb)) continue
    const pages = Number(readLine(`${HUGEPAGES}/${folder}/nr_hugepages`) ?? 0)
    found[hugepagesResource(sizeKb)] = pages * sizeKb * 1024
  }
  return found
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // A kernel without huge pages has no such folder.
    return []
  }
}

function readLine(path: string): string | undefined {
  return readText(path)?.trim() || undefined
}

/** undefined: not there on this machine, or not ours to read. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
