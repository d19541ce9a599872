// A disk under a recording: of each file and each name what would survive a power loss for sure, and what is under way.
// As POSIX has it, not as one file system does it: what a file holds is durable after its fsync, a name after one of its
// folder, and nothing is durable before.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { assert } from '@brume/base/assert'
import { type Change, Content } from './content.ts'
import type { Call, Step } from './trace.ts'

/** Something that may or may not survive; `done`: its call has returned, so that a later fsync covers it. */
interface UnderWay {
  readonly change: Change
  readonly call: Call
  done: boolean
}

export class Inode {
  readonly isFolder: boolean
  readonly durable = new Content()
  underWay: UnderWay[] = []

  constructor(isFolder: boolean) {
    this.isFolder = isFolder
  }

  /** With everything that was written so far, as the running system sees it. */
  now(): Buffer {
    const content = new Content(this.durable.bytes)
    for (const { change } of this.underWay) content.apply(change)
    return content.bytes
  }
}

interface Name {
  readonly path: string
  /** undefined: it is gone. */
  readonly inode: Inode | undefined
}

/** Names of one folder that change at once. */
export type Naming = readonly [Name, ...Name[]]

interface Covered {
  contents: UnderWay[]
  names: Naming[]
}

export interface DiskOptions {
  /** Exists, and is durable; nothing outside of it is looked at. */
  root: string
  /** As if fsync of these files and folders did nothing. */
  ignoresSync?: (path: string) => boolean
  /** Bytes that were written to a descriptor outside of the root. */
  onWrite?: (descriptor: number, bytes: Buffer) => void
}

export class Disk {
  readonly root: string
  readonly #ignoresSync: (path: string) => boolean
  readonly #onWrite: (descriptor: number, bytes: Buffer) => void
  readonly durableNames = new Map<string, Inode>()
  namesUnderWay: Naming[] = []
  readonly #names = new Map<string, Inode>()
  readonly #positions = new Map<number, number>()
  /** What a running fsync covers. */
  readonly #covered = new Map<Call, Covered>()

  constructor({ root, ignoresSync = () => false, onWrite = () => {} }: DiskOptions) {
    this.root = root
    this.#ignoresSync = ignoresSync
    this.#onWrite = onWrite
  }

  /** Everything that is in the root now is there, and durable. */
  adopt(): void {
    for (const entry of readdirSync(this.root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const inode = new Inode(entry.isDirectory())
      if (!inode.isFolder) inode.durable.apply({ at: 0, bytes: readFileSync(path) })
      for (const names of [this.#names, this.durableNames]) names.set(path, inode)
    }
  }

  apply(step: Step): void {
    if ('begin' in step) this.#begin(step.begin)
    else this.#end(step.end, step.result)
  }

  get(path: string): Inode | undefined {
    return this.#names.get(path)
  }

  /**
   * After the process has ended: how the calls ended that it was killed in, as the real disk has it. Throws when the real
   * disk has anything else than what was recorded.
   */
  settle(): Step[] {
    const ends: Step[] = [...this.#covered.keys()].map((end) => ({ end, result: -1 }))
    for (const [path, inode] of this.#names) {
      if (inode.isFolder || isSharedMemory(path)) continue
      const real = readFileSync(path)
      for (const { done, call, change } of inode.underWay) {
        if (!done) ends.push({ end: call, result: isIn(real, change) ? 0 : -1 })
      }
    }
    for (const step of ends) this.apply(step)
    for (const [path, inode] of this.#names) {
      if (inode.isFolder || isSharedMemory(path)) continue
      assert(inode.now().equals(readFileSync(path)), `${path} is as it was recorded`)
    }
    const real = readdirSync(this.root, { recursive: true, encoding: 'utf8' }).map((path) =>
      join(this.root, path),
    )
    assert(isDeepStrictEqual(new Set(real), new Set(this.#names.keys())), 'so are the names')
    return ends
  }

  #begin(call: Call): void {
    if (call.name === 'write' && !this.#isHere(call.path)) this.#onWrite(call.descriptor, call.bytes)
    if (!this.#isHere(call.path)) return
    const inode = this.#names.get(call.path)
    switch (call.name) {
      case 'write':
      case 'copy': {
        assert(inode !== undefined, `${call.path} was made before it is written`)
        const bytes = call.name === 'write' ? call.bytes : readFileSync(call.from).subarray(0, call.size)
        const at =
          (call.name === 'write' ? call.at : undefined) ?? this.#advance(call.descriptor, bytes.byteLength)
        inode.underWay.push({ change: { at, bytes }, call, done: false })
        return
      }
      case 'truncate':
        inode?.underWay.push({ change: { size: call.size }, call, done: false })
        return
      case 'sync':
        if (!this.#ignoresSync(call.path)) this.#covered.set(call, this.#doneIn(call.path))
    }
  }

  #end(call: Call, result: number | undefined): void {
    if (result === undefined || !this.#isHere(call.path)) return
    if (result >= 0) this.#rename(call, result)
    const inode = this.#names.get(call.path)
    if (inode !== undefined && result < 0) inode.underWay = inode.underWay.filter((one) => one.call !== call)
    for (const one of inode?.underWay ?? []) if (one.call === call) one.done = true
    const covered = this.#covered.get(call)
    if (covered === undefined) return
    this.#covered.delete(call)
    if (result === 0) this.#makeDurable(inode, covered)
  }

  /** A name is as good as changed once the call has returned, and not before: it is one step. */
  #rename(call: Call, result: number): void {
    const { name, path } = call
    const inode = this.#names.get(path)
    if (name === 'open') {
      this.#positions.set(result, 0)
      if (inode === undefined && call.create) this.#name({ path, inode: new Inode(false) })
      else if (call.truncate) inode?.underWay.push({ change: { size: 0 }, call, done: true })
    } else if (name === 'mkdir') this.#name({ path, inode: new Inode(true) })
    else if (name === 'unlink' || name === 'rmdir') this.#name({ path, inode: undefined })
    else if (name === 'rename') {
      assert(dirname(path) === dirname(call.to), 'one folder, so that one fsync covers both names')
      this.#name({ path, inode: undefined }, { path: call.to, inode })
    }
  }

  #makeDurable(inode: Inode | undefined, covered: Covered): void {
    for (const { change } of covered.contents) inode?.durable.apply(change)
    if (inode !== undefined) inode.underWay = inode.underWay.filter((one) => !covered.contents.includes(one))
    for (const naming of covered.names) rename(this.durableNames, naming)
    this.namesUnderWay = this.namesUnderWay.filter((one) => !covered.names.includes(one))
  }

  #name(...naming: Naming): void {
    rename(this.#names, naming)
    this.namesUnderWay.push(naming)
  }

  #doneIn(path: string): Covered {
    const contents = this.#names.get(path)?.underWay.filter(({ done }) => done) ?? []
    const names = this.namesUnderWay.filter(([first]) => dirname(first.path) === path)
    return { contents, names }
  }

  #advance(descriptor: number, size: number): number {
    const at = this.#positions.get(descriptor) ?? 0
    this.#positions.set(descriptor, at + size)
    return at
  }

  #isHere(path: string): boolean {
    return path === this.root || path.startsWith(`${this.root}/`)
  }
}

/** SQLite's index of the write-ahead log: mapped memory of which nothing is promised, and nothing is recorded. */
export function isSharedMemory(path: string): boolean {
  return path.endsWith('-shm')
}

export function rename(names: Map<string, Inode>, change: Naming): void {
  for (const { path, inode } of change) {
    if (inode === undefined) names.delete(path)
    else names.set(path, inode)
  }
}

function isIn(content: Buffer, change: Change): boolean {
  if ('size' in change) return content.byteLength === change.size
  const { at, bytes } = change
  return content.subarray(at, at + bytes.byteLength).equals(bytes)
}
