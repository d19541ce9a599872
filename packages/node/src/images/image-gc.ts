// Which images go when the disk runs full: those that no container uses and nobody pinned, the longest unused first,
// until enough is free. Rules and defaults: Kubernetes' documentation of garbage collection. decide is pure.

import { PAUSE_IMAGE } from '@brume/images/pause/image'
import type { NodeContext } from '../contract.ts'
import type { Container, Image } from '../cri/cri.ts'
import { nodeSubject } from '../event-subjects.ts'

export interface ImageRecord {
  firstSeenMs: number
  /** undefined: no container has used it since it was first seen. */
  lastUsedMs: number | undefined
}

export interface ObservedImages {
  images: readonly Image[]
  containers: readonly Pick<Container, 'imageId' | 'imageRef'>[]
  records: ReadonlyMap<string, ImageRecord>
  disk: { capacityBytes: number; availableBytes: number }
}

export interface ImageGcPolicy {
  /** Of the disk in use: from here on images go, ... */
  highPercent: number
  /** ... until so much is in use. */
  lowPercent: number
  /** An image that has just come is about to be used. */
  minAgeMs: number
}

export interface ImageGcPlan {
  remove: { id: string; bytes: number; name: string }[]
  /** How much was wanted; 0: there is enough. */
  wantedBytes: number
}

export const IMAGE_GC_POLICY: ImageGcPolicy = { highPercent: 85, lowPercent: 80, minAgeMs: 2 * 60_000 }

/** What is known of each image that is there now, from what was known before. */
export function recordImages(
  { images, containers, records }: Omit<ObservedImages, 'disk'>,
  now: number,
): Map<string, ImageRecord> {
  const used = usedImages(images, containers)
  return new Map(
    images.map((image) => {
      const before = records.get(image.id ?? '')
      const lastUsedMs = used.has(image) ? now : before?.lastUsedMs
      return [image.id ?? '', { firstSeenMs: before?.firstSeenMs ?? now, lastUsedMs }]
    }),
  )
}

/** `allUnused`: the node is short of disk, and every byte counts; else by the thresholds of the policy. */
export function decideImageGc(
  observed: ObservedImages,
  policy: ImageGcPolicy,
  { now, allUnused = false }: { now: number; allUnused?: boolean },
): ImageGcPlan {
  const wantedBytes = allUnused ? Number.POSITIVE_INFINITY : wantedBytesOf(observed.disk, policy)
  if (wantedBytes <= 0) return { remove: [], wantedBytes: 0 }
  const used = usedImages(observed.images, observed.containers)
  const recordOf = ({ id = '' }: Image) =>
    observed.records.get(id) ?? { firstSeenMs: now, lastUsedMs: undefined }
  const unused = observed.images
    .filter((image) => image.pinned !== true && !used.has(image))
    .filter((image) => now - recordOf(image).firstSeenMs >= policy.minAgeMs)
    .sort((a, b) => {
      const [x, y] = [recordOf(a), recordOf(b)]
      return (x.lastUsedMs ?? 0) - (y.lastUsedMs ?? 0) || x.firstSeenMs - y.firstSeenMs
    })
  const remove: ImageGcPlan['remove'] = []
  let freed = 0
  for (const image of unused) {
    if (freed >= wantedBytes) break
    const bytes = image.size ?? 0
    remove.push({ id: image.id ?? '', bytes, name: image.repoTags?.[0] ?? image.id ?? '' })
    freed += bytes
  }
  return { remove, wantedBytes }
}

function wantedBytesOf(disk: ObservedImages['disk'], policy: ImageGcPolicy): number {
  const available = Math.min(disk.availableBytes, disk.capacityBytes)
  const usedPercent = 100 - Math.floor((available * 100) / disk.capacityBytes)
  if (disk.capacityBytes === 0 || usedPercent < policy.highPercent) return 0
  return Math.floor((disk.capacityBytes * (100 - policy.lowPercent)) / 100) - available
}

/** By any of the names under which a container may know its image. */
function usedImages(images: readonly Image[], containers: ObservedImages['containers']): ReadonlySet<Image> {
  const names = new Set(containers.flatMap(({ imageId = '', imageRef = '' }) => [imageId, imageRef]))
  return new Set(
    images.filter(({ id = '', repoTags = [], repoDigests = [] }) =>
      [id, ...repoTags, ...repoDigests].some((name) => names.has(name)),
    ),
  )
}

export interface ImageGc {
  /** Notes which images are in use; to be called from time to time, so that "longest unused" means something. */
  observe(): Promise<void>
  /** Removes what is due; gives the bytes that were freed. An Event says so, or that there was not enough to free. */
  collect(options?: { allUnused?: boolean }): Promise<number>
}

export function imageGc(
  { cri, clock, logger, event, nodeName }: NodeContext,
  diskOf: () => Promise<ObservedImages['disk']>,
  policy: ImageGcPolicy = IMAGE_GC_POLICY,
): ImageGc {
  let records: ReadonlyMap<string, ImageRecord> = new Map()
  const subject = nodeSubject(nodeName)
  const observe = async () => {
    const [found, containers] = await Promise.all([cri.listImages(), cri.listContainers()])
    const images = found.map(withSandboxImagePinned)
    const observed = { images, containers, records }
    records = recordImages(observed, clock.now())
    return { images, containers, records }
  }
  return {
    async observe() {
      await observe()
    },
    async collect({ allUnused = false } = {}) {
      const observed = { ...(await observe()), disk: await diskOf() }
      const plan = decideImageGc(observed, policy, { now: clock.now(), allUnused })
      let freed = 0
      for (const { id, bytes, name } of plan.remove) {
        try {
          await cri.removeImage(id)
          freed += bytes
          logger.info('an unused image was removed', { image: name, bytes })
        } catch (error) {
          logger.warn('an unused image could not be removed', { image: name, error: String(error) })
        }
      }
      if (freed > 0) {
        const message = `Freed ${megabytes(freed)} by removing ${plan.remove.length} images that no container uses`
        event(subject, { type: 'Normal', reason: 'ImagesRemoved', message })
      }
      if (!allUnused && freed < plan.wantedBytes) {
        const message =
          `Failed to garbage collect required amount of images. Attempted to free ${plan.wantedBytes} bytes, ` +
          `but only found ${freed} bytes eligible to free.`
        event(subject, { type: 'Warning', reason: 'FreeDiskSpaceFailed', message })
      }
      return freed
    },
  }
}

/** Every pod needs it, no container is made of it, and runtimes before containerd 1.7 do not pin it. */
function withSandboxImagePinned(image: Image): Image {
  return image.repoTags?.includes(PAUSE_IMAGE) === true ? { ...image, pinned: true } : image
}

function megabytes(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / 1e6))} MB`
}
