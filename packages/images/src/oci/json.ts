// Documents of images, as they come from anywhere: what is used of them is checked.

import { ImageError } from '../image-error.ts'
import { isDigest } from './digest.ts'
import type { Descriptor, ImageConfig, ImageIndex, Manifest } from './types.ts'

const MAX_ENTRIES = 1_000

export function parseObject(bytes: Buffer, what: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch (cause) {
    throw new ImageError(`${what} is not JSON`, { cause })
  }
  if (!isObject(value)) throw new ImageError(`${what} is no object`)
  return value
}

export function parseIndex(bytes: Buffer, what: string): ImageIndex {
  const value = parseObject(bytes, what)
  return { ...value, manifests: descriptors(value['manifests'], what) } as unknown as ImageIndex
}

export function parseManifest(bytes: Buffer, what: string): Manifest {
  const value = parseObject(bytes, what)
  const [config] = descriptors([value['config']], what)
  return { ...value, config, layers: descriptors(value['layers'], what) } as unknown as Manifest
}

export function parseConfig(bytes: Buffer, what: string): ImageConfig {
  const value = parseObject(bytes, what)
  const rootfs = value['rootfs']
  const ids = isObject(rootfs) ? rootfs['diff_ids'] : undefined
  if (!Array.isArray(ids) || !ids.every(isDigest)) throw new ImageError(`${what} does not list its layers`)
  const { os, architecture } = value
  if (typeof os !== 'string' || typeof architecture !== 'string') {
    throw new ImageError(`${what} does not name its platform`)
  }
  return value as unknown as ImageConfig
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function descriptors(value: unknown, what: string): Descriptor[] {
  if (!Array.isArray(value) || value.length > MAX_ENTRIES) {
    throw new ImageError(`${what} has no list of what it consists of`)
  }
  for (const one of value) {
    const isWhole = isObject(one) && isDigest(one['digest']) && Number.isSafeInteger(one['size'])
    if (!isWhole || typeof one['mediaType'] !== 'string') {
      throw new ImageError(`${what} refers to something without a sha256 digest, size and media type`)
    }
  }
  return value as Descriptor[]
}
