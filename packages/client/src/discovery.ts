// Which resources the server serves: aggregated discovery (one answer for /api, one for /apis), and the plain
// documents where a server does not know it. Cached until `refresh`.

import type { Verb } from '@brume/api/resource'
import { StatusError } from '@brume/base/errors'
import type { Client } from './client.ts'
import { type AggregatedList, decodeAggregated } from './discovery-aggregated.ts'
import { legacyResources } from './discovery-legacy.ts'
import type { ResourceRef } from './resource-ref.ts'

export interface DiscoveredResource extends ResourceRef {
  kind: string
  singular: string
  shortNames: readonly string[]
  categories: readonly string[]
  verbs: readonly (Verb | string)[]
  /** Of the group's versions that serve this resource, the one that the server prefers. */
  preferred: boolean
  /** Names of the subresources, e.g. `status`. */
  subresources: readonly string[]
}

export interface DiscoveryResult {
  resources: readonly DiscoveredResource[]
  /** Group/versions whose resources could not be read, with the reason. */
  failures: ReadonlyMap<string, string>
}

const ACCEPT =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'

export class Discovery {
  readonly #client: Client
  #result: DiscoveryResult | undefined
  #pending: Promise<DiscoveryResult> | undefined

  constructor(client: Client) {
    this.#client = client
  }

  /** The cached answer, asked for when there is none yet. */
  async resources(): Promise<DiscoveryResult> {
    return this.#result ?? this.refresh()
  }

  /** Asks the server; concurrent callers share one question. Throws when the server cannot be asked at all. */
  refresh(): Promise<DiscoveryResult> {
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  /** Throws NotFound, naming the kind, when the server does not serve it even after a refresh. */
  async findKind(apiVersion: string, kind: string): Promise<DiscoveredResource> {
    const matches = (r: DiscoveredResource) => r.kind === kind && apiVersionText(r) === apiVersion
    const cached = (await this.resources()).resources.find(matches)
    const found = cached ?? (await this.refresh()).resources.find(matches)
    if (found !== undefined) return found
    throw new StatusError('NotFound', `no matches for kind "${kind}" in version "${apiVersion}"`)
  }

  async #fetch(): Promise<DiscoveryResult> {
    const answers = await Promise.all(
      ['/api', '/apis'].map((path) =>
        this.#client.json<AggregatedList>({ method: 'GET', path, accept: ACCEPT }),
      ),
    )
    const aggregated = answers.every((answer) => answer.kind === 'APIGroupDiscoveryList')
    const result = aggregated
      ? decodeAggregated(answers)
      : await legacyResources(this.#client, answers as unknown as Parameters<typeof legacyResources>[1])
    this.#result = result
    return result
  }
}

function apiVersionText({ group, version }: ResourceRef): string {
  return group === '' ? version : `${group}/${version}`
}
