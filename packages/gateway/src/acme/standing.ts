// How it stands with the certificates of an object, as one annotation on it: what `kubectl describe` shows first.

import { isStatus } from '@brume/base/errors'
import type { Client } from '@brume/client/client'
import { keyOf } from '@brume/client/resource-ref'
import type { Asking, Want } from './wants.ts'

export const STATUS = 'brume.dev/certificate-status'

export class Standing {
  readonly #client: Client
  /** By namespace/secret. */
  readonly #sentences = new Map<string, string>()

  constructor(client: Client) {
    this.#client = client
  }

  forget(key: string): void {
    this.#sentences.delete(key)
  }

  /** On each of its owners, once all that these want has been looked at in this life. */
  async say(wants: ReadonlyMap<string, Want>, want: Want, sentence: string): Promise<void> {
    this.#sentences.set(`${want.namespace}/${want.secret}`, sentence)
    for (const asking of want.owners) {
      const text = this.#textOf(wants, asking)
      if (text !== undefined) await this.#write(asking, text)
    }
  }

  /** Of an object that wants nothing any more. */
  async clear(asking: Asking): Promise<void> {
    await this.#write(asking, null)
  }

  #textOf(wants: ReadonlyMap<string, Want>, { owner, entries }: Asking): string | undefined {
    const texts: string[] = []
    for (const secret of new Set(entries.map((entry) => entry.secret))) {
      const key = `${owner.metadata.namespace}/${secret}`
      if (!wants.has(key)) continue
      const sentence = this.#sentences.get(key)
      if (sentence === undefined) return undefined
      texts.push(`${secret}: ${sentence}`)
    }
    return texts.join('; ')
  }

  /** null: takes it away. */
  async #write({ owner, ref }: Asking, text: string | null): Promise<void> {
    if ((owner.metadata.annotations?.[STATUS] ?? null) === text) return
    const { namespace = '', name = '' } = owner.metadata
    const body = { metadata: { annotations: { [STATUS]: text } } }
    try {
      await this.#client.resource(ref).patch({ namespace, name }, { type: 'merge', body })
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw new Error(`${keyOf(owner)} is not told`, { cause: error })
    }
  }
}

/** Says how it stood with one of these Secrets, and wants none of them any more. */
export function hasLeft(wants: ReadonlyMap<string, Want>, { owner, entries }: Asking): boolean {
  if (owner.metadata.annotations?.[STATUS] === undefined) return false
  return !entries.some(({ secret }) => wants.has(`${owner.metadata.namespace}/${secret}`))
}
