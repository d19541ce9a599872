// Gets the images that containers ask for, by their pull policy, and says in events how it goes.

import { join } from 'node:path'
import type { KubeObject } from '@brume/api/object'
import { formatGoDuration } from '@brume/base/go-duration'
import {
  type ContainerSpec,
  type ImagePuller,
  type ImageUser,
  type NodeContext,
  type ObjectSource,
  type Pod,
  PodProblem,
} from '../contract.ts'
import type { AuthConfig, Image } from '../cri/cri.ts'
import { containerSubject } from '../event-subjects.ts'
import { goArchitecture } from '../registration/machine-facts.ts'
import { credentialsFor } from './keyring.ts'
import { Places } from './places.ts'
import { PullBackoff } from './pull-backoff.ts'
import { pullFailure } from './pull-error.ts'
import { tellProgress } from './pull-progress.ts'
import { ImageNameError, type ImageReference, parseReference } from './reference.ts'

export interface ImagePullerOptions {
  objects: Pick<ObjectSource, 'get'>
  /** containerd's own store, to say how far a pull has come. Default: below the node's directory. */
  contentDir?: string
  /** Pulls at a time; the others wait in order. Default 3. */
  maxParallel?: number
  /** An image has come. */
  onPulled?(): void
}

interface Pulled {
  image: Image
  pullMs: number
}

/** One container's wish. */
interface Wish {
  pod: Pod
  container: ContainerSpec
  reference: ImageReference
}

const MAX_PARALLEL = 3
const CONTENT = 'io.containerd.content.v1.content'
const MB = 1_000_000

export function imagePuller(context: NodeContext, options: ImagePullerOptions): ImagePuller {
  const puller = new Puller(context, options)
  return { ensure: (pod, container) => puller.ensure(pod, container) }
}

class Puller {
  readonly #context: NodeContext
  readonly #options: ImagePullerOptions
  readonly #backoff: PullBackoff
  readonly #places: Places
  /** Pulls under way, by image and credentials: pods that want the same wait for the same. */
  readonly #pulls = new Map<string, Promise<Pulled>>()

  constructor(context: NodeContext, options: ImagePullerOptions) {
    this.#context = context
    this.#options = options
    this.#backoff = new PullBackoff(context.clock)
    this.#places = new Places(options.maxParallel ?? MAX_PARALLEL)
  }

  async ensure(pod: Pod, container: ContainerSpec): Promise<{ imageRef: string; imageUser: ImageUser }> {
    const wish = { pod, container, reference: this.#parse(pod, container) }
    const policy: string = container['imagePullPolicy'] ?? 'IfNotPresent'
    const name = JSON.stringify(container.image)
    const present = policy === 'Always' ? undefined : await this.#inspect(wish)
    if (present !== undefined) {
      this.#say(wish, 'Normal', 'Pulled', `Container image ${name} already present on machine`)
      return resultOf(present)
    }
    if (policy === 'Never') {
      const message = `Container image ${name} is not present with pull policy of Never`
      this.#say(wish, 'Warning', 'ErrImageNeverPull', message)
      throw new PodProblem('ErrImageNeverPull', `${message}; bring it to this node: brume image import FILE`)
    }
    return resultOf(await this.#pullUnlessWaiting(wish))
  }

  #parse(pod: Pod, container: ContainerSpec): ImageReference {
    try {
      return parseReference(container.image)
    } catch (error) {
      if (!(error instanceof ImageNameError)) throw error
      const message = `Failed to apply default image tag ${JSON.stringify(container.image)}: ${error.message}`
      this.#say({ pod, container }, 'Warning', 'InspectFailed', message)
      throw new PodProblem('InvalidImageName', message)
    }
  }

  async #inspect(wish: Wish): Promise<Image | undefined> {
    const { container, reference } = wish
    try {
      return await this.#context.cri.imageStatus(reference.canonical)
    } catch (error) {
      const message = `Failed to inspect image ${JSON.stringify(container.image)}: ${textOf(error)}`
      this.#say(wish, 'Warning', 'InspectFailed', message)
      throw new PodProblem('ImageInspectError', message, { cause: error })
    }
  }

  async #pullUnlessWaiting(wish: Wish): Promise<Image> {
    const { pod, container } = wish
    const name = JSON.stringify(container.image)
    const key = `${pod.metadata.uid}_${container.image}`
    const why = this.#backoff.waiting(key)
    if (why !== undefined) {
      this.#say(wish, 'Normal', 'BackOff', `Back-off pulling image ${name}`)
      throw new PodProblem('ImagePullBackOff', `Back-off pulling image ${name}: ${why}`)
    }
    this.#say(wish, 'Normal', 'Pulling', `Pulling image ${name}`)
    const startedAt = performance.now()
    try {
      const { image, pullMs } = await this.#told(wish, () => this.#pullWithSecrets(wish))
      this.#backoff.succeeded(key)
      const waitedMs = performance.now() - startedAt
      // One that another pod had begun took longer than this one waited.
      const took = `in ${goMs(Math.min(pullMs, waitedMs))} (${goMs(waitedMs)} including waiting)`
      const size = `Image size: ${image.size ?? 0} bytes.`
      this.#say(wish, 'Normal', 'Pulled', `Successfully pulled image ${name} ${took}. ${size}`)
      this.#options.onPulled?.()
      return image
    } catch (error) {
      const { host } = wish.reference
      const of = { image: container.image, host, arch: goArchitecture() }
      const { reason, message } = pullFailure(textOf(error), of)
      this.#backoff.failed(key, `${reason}: ${message}`)
      this.#say(wish, 'Warning', 'Failed', `Failed to pull image ${name}: ${message}`)
      throw new PodProblem(reason, message, { cause: error })
    }
  }

  /** With a word from time to time while it takes long. */
  async #told<T>(wish: Wish, pull: () => Promise<T>): Promise<T> {
    const { clock, dirs } = this.#context
    const contentDir = this.#options.contentDir ?? join(dirs.containerd, 'root', CONTENT)
    const name = JSON.stringify(wish.container.image)
    const stop = tellProgress(clock, contentDir, (seconds, bytes) => {
      const far =
        bytes === 0 ? 'nothing is being received just now' : `${Math.ceil(bytes / MB)} MB are on their way`
      this.#say(wish, 'Normal', 'Pulling', `Still pulling image ${name} after ${seconds} s: ${far}`)
    })
    try {
      return await pull()
    } finally {
      stop()
    }
  }

  /** One after the other, until one is let in; without any when there are none. */
  async #pullWithSecrets(wish: Wish): Promise<Pulled> {
    const secrets = await this.#secretsOf(wish)
    const credentials = credentialsFor(wish.reference.repository, secrets)
    if (credentials.length === 0) return this.#pullOnce(wish.reference.canonical, undefined)
    const failures: string[] = []
    for (const auth of credentials) {
      try {
        return await this.#pullOnce(wish.reference.canonical, auth)
      } catch (error) {
        if (!failures.includes(textOf(error))) failures.push(textOf(error))
      }
    }
    throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`)
  }

  #pullOnce(canonical: string, auth: AuthConfig | undefined): Promise<Pulled> {
    const key = JSON.stringify([canonical, auth])
    const known = this.#pulls.get(key)
    if (known !== undefined) return known
    const pull = this.#places.take(() => this.#pull(canonical, auth)).finally(() => this.#pulls.delete(key))
    this.#pulls.set(key, pull)
    return pull
  }

  async #pull(canonical: string, auth: AuthConfig | undefined): Promise<Pulled> {
    const { cri } = this.#context
    const startedAt = performance.now()
    const pulled = await cri.pullImage(canonical, auth)
    const pullMs = performance.now() - startedAt
    const image = (await cri.imageStatus(canonical)) ?? (await cri.imageStatus(pulled))
    if (image === undefined) throw new Error(`image ${canonical} was pulled, and has gone since`)
    return { image, pullMs }
  }

  /** Those that exist. The API's admission has merged the service account's into the pod. */
  async #secretsOf(wish: Wish): Promise<KubeObject[]> {
    const { pod } = wish
    const namespace = pod.metadata.namespace ?? ''
    const references: { name?: string }[] = pod['spec'].imagePullSecrets ?? []
    const names = [...new Set(references.flatMap(({ name }) => (name ? [name] : [])))]
    const found = await Promise.all(
      names.map((name) => this.#options.objects.get('Secret', namespace, name).catch(() => undefined)),
    )
    const missing = names.filter((_, at) => found[at] === undefined)
    if (missing.length > 0) {
      const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`
      this.#say(wish, 'Warning', 'FailedToRetrieveImagePullSecret', message)
    }
    return found.filter((secret) => secret !== undefined)
  }

  #say(
    { pod, container }: Pick<Wish, 'pod' | 'container'>,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void {
    this.#context.event(containerSubject(pod, container.name), { type, reason, message })
  }
}

function resultOf(image: Image): { imageRef: string; imageUser: ImageUser } {
  const { id = '', uid, username } = image
  const imageUser: ImageUser = {}
  if (uid !== undefined) imageUser.uid = uid.value ?? 0
  else if (username !== undefined && username !== '') imageUser.username = username
  return { imageRef: id, imageUser }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whole milliseconds, as Go writes them. */
function goMs(ms: number): string {
  return formatGoDuration(BigInt(Math.floor(ms)) * 1_000_000n)
}
