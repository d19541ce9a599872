// Makes HAProxy serve a model: what the process can be told while it runs is told, all else is loaded anew. The files
// hold the same at any time, so that a HAProxy that starts by itself serves it.

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Model } from '../model.ts'
import { isFull, MAX_ACCESS_LOG_BYTES, putAside } from './access-log.ts'
import {
  AdminError,
  arePaused,
  askAll,
  infoOf,
  mapOf,
  ratesOf,
  serversOf,
  setCertificate,
  setMap,
  setRates,
} from './admin.ts'
import { authorityFiles } from './authorities.ts'
import type { ClientLimit } from './clients.ts'
import { type Config, type ConfigInput, configOf, fingerprintIn, MAPS } from './config.ts'
import { withoutCulprits } from './culprits.ts'
import { letGo } from './hand-over.ts'
import { workerIdentity } from './identity.ts'
import { whyReserved, whyTaken } from './ports.ts'
import { CONFIG, type Haproxy } from './process.ts'
import { seatCommands, seatedIn } from './seats.ts'
import type { Seating } from './servers.ts'
import { proxyName } from './text.ts'

export interface ApplierOptions {
  haproxy: Haproxy
  dir: string
  /** The machine has IPv6. */
  ipv6: boolean
  accessLog: boolean
  clients: ClientLimit
  /** Prometheus' format on this port, for these ranges and the machine itself. */
  metrics: { port: number; from: readonly string[] } | undefined
}

export interface Served {
  model: Model
  behind: ConfigInput['behind']
  /** Names below the edge's directory -> text: certificates and their list. */
  files: ReadonlyMap<string, string>
}

export interface Applied {
  /** Ports that are not listened on, with the reason. */
  ports: Map<number, string>
  /** Rules and streams that are left out, by id, with the reason. */
  rules: ReadonlyMap<string, string>
  /** How it came to be served. */
  by: 'nothing' | 'telling' | 'loading' | 'starting'
}

/** Name below the edge's directory, and text. */
type File = readonly [name: string, text: string]

const ENDING_LOOKS = 20
const ENDING_LOOK_MS = 50

export class Applier {
  readonly #options: ApplierOptions
  readonly #identity = workerIdentity()
  /** By the id of a rule that HAProxy has refused: what it was. */
  readonly #refused = new Map<string, { text: string; why: string }>()
  #seated: Map<string, Seating> | undefined
  /** What it was given last, and has as far as is known; undefined: the process is asked. */
  #told: Config | undefined
  #listening = new Set<number>()
  /** Of rates. */
  #tables: readonly string[] = []
  /** Begun and not known to have ended well: what the process has is anybody's guess. */
  #loading = false

  constructor(options: ApplierOptions) {
    this.#options = options
  }

  /** Throws GatewayError with HAProxy's own words. */
  async apply({ model: whole, behind, files: given }: Served): Promise<Applied> {
    const files = new Map([...given, ...authorityFiles(whole)])
    const { haproxy, dir, ipv6, accessLog, clients } = this.#options
    const alive = haproxy.running !== undefined
    if (!alive) this.#forget()
    this.#seated ??= alive ? await this.#seatedNow() : new Map()
    const { model, ports, metrics } = await this.#listenable(whole)
    const seated = this.#seated
    const identity = this.#identity
    this.#tables = rateTables(model)
    const certificates = files.get('crt-list') ?? ''
    const make = (left: ReadonlyMap<string, string>) =>
      configOf({
        dir,
        identity,
        ipv6,
        model,
        behind,
        left,
        seated,
        accessLog,
        clients,
        metrics,
        certificates,
      })
    const known = this.#stillRefused(model)
    const config = make(known)
    const outcome = { ports, rules: config.left }
    // Edited by hand, it may have been loaded by hand too.
    const loaded = alive && !this.#loading && fingerprintIn(haproxy.read(CONFIG) ?? '') === config.fingerprint
    if (loaded) {
      const differing = this.#differing([...files, ...config.files])
      if (await this.#tell(config, differing)) {
        this.#write(differing)
        return { ...outcome, by: differing.length > 0 ? 'telling' : 'nothing' }
      }
    }
    this.#loading = true
    this.#write(this.#differing(files))
    const found = await withoutCulprits(make, (one) => this.#check(one), known)
    this.#remember(found.culprits, model)
    this.#told = undefined
    this.#write(this.#differing(found.config.files))
    await this.#load(found.config, this.#tables)
    this.#loading = false
    this.#seated = found.config.seated
    this.#told = found.config
    this.#listening = new Set(model.listeners.map(({ port }) => port))
    if (metrics !== undefined) this.#listening.add(metrics.port)
    return { ports, rules: found.config.left, by: alive ? 'loading' : 'starting' }
  }

  /** Whether the process and the files are as they were left. */
  async isIntact(): Promise<boolean> {
    const { haproxy } = this.#options
    const told = this.#told
    if (told === undefined || haproxy.running === undefined) return false
    // A worker that could not take over may leave ports that nobody is listened at on; no command brings them back.
    if (await arePaused(haproxy.socket).catch(() => false)) this.#loading = true
    const intact = !this.#loading && (await this.#asTold(told).catch(() => false))
    if (!intact) this.#forget()
    return intact
  }

  /** Begins another access log when this one is full. True when it was. */
  async renewLog(maxBytes = MAX_ACCESS_LOG_BYTES): Promise<boolean> {
    const { haproxy, dir } = this.#options
    const told = this.#told
    if (told === undefined || haproxy.running === undefined || !isFull(dir, maxBytes)) return false
    putAside(dir)
    await this.#handOver(this.#tables, told.fingerprint, (taken) => haproxy.replace(taken))
    return true
  }

  async #asTold(told: Config): Promise<boolean> {
    const { haproxy, dir } = this.#options
    if (this.#differing(told.files).length > 0) return false
    if ((await infoOf(haproxy.socket)).fingerprint !== told.fingerprint) return false
    if (!(await this.#areSeated(told))) return false
    for (const name of MAPS) {
      const has = await this.#mapNow(join(dir, name))
      if (has !== undefined && has !== told.files.get(name)) return false
    }
    return true
  }

  #forget(): void {
    this.#told = undefined
    this.#seated = undefined
    this.#listening = new Set()
  }

  async #seatedNow(): Promise<Map<string, Seating>> {
    try {
      return seatedIn(await serversOf(this.#options.haproxy.socket))
    } catch (error) {
      if (error instanceof AdminError) return new Map()
      throw error
    }
  }

  /** Ports that another program has are left out before HAProxy fails at them. */
  async #listenable(whole: Model) {
    const { haproxy, metrics } = this.#options
    if (this.#listening.size === 0 && haproxy.running !== undefined)
      this.#listening = portsIn(haproxy.read(CONFIG) ?? '')
    const ports = new Map<number, string>()
    for (const port of new Set(whole.listeners.map((one) => one.port))) {
      const why = whyReserved(port, metrics?.port) ?? (await this.#whyNot(port))
      if (why !== undefined) ports.set(port, why)
    }
    const noFigures = metrics === undefined ? undefined : await this.#whyNot(metrics.port)
    if (metrics !== undefined && noFigures !== undefined) ports.set(metrics.port, noFigures)
    return {
      model: { ...whole, listeners: whole.listeners.filter(({ port }) => !ports.has(port)) },
      ports,
      metrics: noFigures === undefined ? metrics : undefined,
    }
  }

  async #whyNot(port: number): Promise<string | undefined> {
    const { haproxy, ipv6 } = this.#options
    if (this.#listening.has(port)) return undefined
    let why = await whyTaken(port, ipv6)
    // The workers of one that was killed are about to end.
    for (let i = 0; why !== undefined && haproxy.running === undefined && i < ENDING_LOOKS; i++) {
      await pause(ENDING_LOOK_MS)
      why = await whyTaken(port, ipv6)
    }
    return why
  }

  /** `differing`: files that are not so yet. False: only loading its files anew brings the process there. */
  async #tell(config: Config, differing: readonly File[]): Promise<boolean> {
    const { haproxy, dir } = this.#options
    const { socket } = haproxy
    try {
      if (this.#told === undefined && (await infoOf(socket)).fingerprint !== config.fingerprint) return false
      for (const [name, text] of differing)
        if (name.endsWith('.pem')) await setCertificate(socket, join(dir, name), text)
      for (const name of MAPS) {
        const text = config.files.get(name)!
        const has = this.#told?.files.get(name) ?? (await this.#mapNow(join(dir, name)))
        if (has !== undefined && has !== text) await setMap(socket, join(dir, name), text)
      }
      if (this.#told === undefined || !sameSeats(this.#told, config)) {
        const commands = await this.#commandsTo(config)
        if (commands === undefined) return false
        await askAll(socket, commands)
        if (!(await this.#areSeated(config))) return false
      }
    } catch (error) {
      if (error instanceof AdminError) return false
      throw error
    }
    this.#told = config
    this.#seated = config.seated
    return true
  }

  /** What makes the process have the seats of a configuration; undefined: a reload alone does. */
  async #commandsTo({ seated }: Config): Promise<string[] | undefined> {
    return seatCommands(seated, await serversOf(this.#options.haproxy.socket))
  }

  async #areSeated(config: Config): Promise<boolean> {
    return (await this.#commandsTo(config))?.length === 0
  }

  /** undefined: nothing refers to the map, so that the process does not have it. */
  async #mapNow(path: string): Promise<string | undefined> {
    const text = await mapOf(this.#options.haproxy.socket, path)
    return /^Unknown map/m.test(text) ? undefined : text === '\n' ? '' : text
  }

  /** Those that are not there as they should be. */
  #differing(files: Iterable<File>): File[] {
    return [...files].filter(([name, text]) => this.#options.haproxy.read(name) !== text)
  }

  #write(files: readonly File[]): void {
    for (const [name, text] of files) this.#options.haproxy.write(name, text)
  }

  /** With its maps in place: HAProxy reads them for a check too. */
  async #check(config: Config): Promise<string | undefined> {
    const { haproxy } = this.#options
    for (const name of MAPS) if (haproxy.read(name) === undefined) haproxy.write(name, '')
    return haproxy.check(config.files.get(CONFIG)!)
  }

  async #load({ fingerprint }: Config, tables: readonly string[]): Promise<void> {
    const { haproxy } = this.#options
    if (haproxy.running === undefined) return haproxy.start()
    await this.#handOver(tables, fingerprint, (loaded) => haproxy.reload(loaded))
  }

  /** `to` makes the next worker; `loaded` tells it when that answers. */
  async #handOver(
    tables: readonly string[],
    fingerprint: string,
    to: (loaded: () => Promise<boolean>) => Promise<void>,
  ): Promise<void> {
    const { haproxy } = this.#options
    const { socket, workers } = haproxy
    const before = await infoOf(socket).catch(() => ({ pid: 0, fingerprint: '' }))
    const rates = await ratesOf(socket, tables).catch(() => new Map())
    let now = before
    await to(async () => {
      now = await infoOf(socket)
      return now.pid !== before.pid && now.fingerprint === fingerprint
    })
    await letGo([...workers, ...haproxy.workers], now.pid)
    // The next worker begins with empty tables.
    await setRates(socket, rates).catch(() => {})
  }

  /** Those that are as they were when they were refused. */
  #stillRefused(model: Model): Map<string, string> {
    const known = new Map<string, string>()
    for (const [id, text] of textsOf(model, this.#refused))
      if (this.#refused.get(id)?.text === text) known.set(id, this.#refused.get(id)!.why)
    return known
  }

  #remember(culprits: ReadonlyMap<string, string>, model: Model): void {
    this.#refused.clear()
    for (const [id, text] of textsOf(model, culprits)) this.#refused.set(id, { text, why: culprits.get(id)! })
  }
}

function rateTables({ routes }: Model): string[] {
  return [
    ...new Set(
      routes.filter(({ rule }) => rule.rateLimit !== undefined).map(({ rule }) => proxyName(rule.id)),
    ),
  ]
}

/** All that is said of some rules. */
function textsOf(model: Model, ids: ReadonlyMap<string, unknown>): Map<string, string> {
  const texts = new Map<string, string>()
  if (ids.size === 0) return texts
  const add = (id: string, one: unknown) => {
    if (ids.has(id)) texts.set(id, hash(`${texts.get(id) ?? ''}${JSON.stringify(one)}`))
  }
  for (const route of model.routes) add(route.rule.id, route)
  for (const stream of model.streams) add(stream.id, stream)
  return texts
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function sameSeats(a: Config, b: Config): boolean {
  return a.files.get(CONFIG) === b.files.get(CONFIG)
}

function portsIn(file: string): Set<number> {
  return new Set([...file.matchAll(/^ {2}bind 0\.0\.0\.0:(\d+)/gm)].map(([, port]) => Number(port)))
}
