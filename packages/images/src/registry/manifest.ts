// What a manifest refers to. It is stored as it came; only what the registry relies on is checked.

import { isDigest } from '../oci/digest.ts'
import { MEDIA_TYPES } from '../oci/types.ts'
import { RegistryError } from './errors.ts'

export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
const MAX_REFERENCES = 10_000

export interface References {
  mediaType: string
  /** Config and layers. */
  blobs: string[]
  /** Of an index. */
  manifests: string[]
  /** The manifest that this one is about. */
  subject: string | undefined
  /** For the list of referrers. */
  artifactType: string | undefined
  annotations: Record<string, string> | undefined
}

const INDEXES = new Set<string>([MEDIA_TYPES.index, MEDIA_TYPES.dockerIndex])
const IMAGES = new Set<string>([MEDIA_TYPES.manifest, MEDIA_TYPES.dockerManifest])

/** Throws MANIFEST_INVALID for what is no manifest of an image or an index. `contentType` is the request's. */
export function parseReferences(bytes: Buffer, contentType: string): References {
  const document = parseObject(bytes)
  const declared = contentType.split(';')[0]!.trim()
  const mediaType = typeof document['mediaType'] === 'string' ? document['mediaType'] : declared
  if (declared !== '' && declared !== mediaType) {
    throw invalid(`it is sent as ${declared.slice(0, 200)} and says that it is ${mediaType.slice(0, 200)}`)
  }
  const config = INDEXES.has(mediaType) ? undefined : document['config']
  if (INDEXES.has(mediaType)) {
    const manifests = descriptors(document['manifests'], 'manifests')
    return { ...common(document, mediaType), blobs: [], manifests: manifests.map(({ digest }) => digest) }
  }
  if (!IMAGES.has(mediaType))
    throw invalid(`its media type ${JSON.stringify(mediaType.slice(0, 200))} is not supported`)
  const layers = descriptors(document['layers'], 'layers')
  const [only] = descriptors([config], 'config')
  const blobs = [only!, ...layers].filter(({ isForeign }) => !isForeign)
  const artifact = document['artifactType'] ?? (config as Record<string, unknown>)['mediaType']
  return {
    ...common(document, mediaType),
    blobs: [...new Set(blobs.map(({ digest }) => digest))],
    manifests: [],
    artifactType: typeof artifact === 'string' ? artifact : undefined,
  }
}

function common(document: Record<string, unknown>, mediaType: string) {
  const { subject, artifactType, annotations } = document
  const [about] = subject === undefined ? [] : descriptors([subject], 'subject')
  return {
    mediaType,
    subject: about?.digest,
    artifactType: typeof artifactType === 'string' ? artifactType : undefined,
    annotations: isTextMap(annotations) ? annotations : undefined,
  }
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  let document: unknown
  try {
    document = JSON.parse(bytes.toString())
  } catch (cause) {
    throw new RegistryError('MANIFEST_INVALID', 'the manifest is not JSON', { cause })
  }
  if (!isObject(document)) throw invalid('it is no object')
  if (document['schemaVersion'] !== 2) throw invalid('its schemaVersion is not 2')
  return document
}

function descriptors(value: unknown, name: string): { digest: string; isForeign: boolean }[] {
  if (!Array.isArray(value)) throw invalid(`${name} is no list`)
  if (value.length > MAX_REFERENCES) throw invalid(`${name} has more than ${MAX_REFERENCES} entries`)
  return value.map((one) => {
    if (!isObject(one) || !isDigest(one['digest']))
      throw invalid(`${name} holds something without a sha256 digest`)
    const { size, urls } = one
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
      throw invalid(`${name} holds a wrong size`)
    return { digest: one['digest'], isForeign: Array.isArray(urls) && urls.length > 0 }
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((one) => typeof one === 'string')
}

const invalid = (why: string) => new RegistryError('MANIFEST_INVALID', `the manifest is invalid: ${why}`)
