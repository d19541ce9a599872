// Reading fields of a value from YAML; what is wrong is gathered, with the field's path.

export interface TextRule {
  required?: boolean
  matches?: RegExp
  /** An example for the message. */
  like?: string
}

export class Fields {
  readonly #value: Record<string, unknown>
  readonly #path: string
  readonly #mistakes: string[]

  constructor(value: unknown, path: string, mistakes: string[]) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    this.#value = isObject ? (value as Record<string, unknown>) : {}
    this.#path = path
    this.#mistakes = mistakes
    if (!isObject) this.wrong('', 'must be a map of fields')
  }

  /** Notes a mistake of a field ('' is this object itself). */
  wrong(name: string, why: string): void {
    const path = [this.#path, name].filter((part) => part !== '').join('.')
    this.#mistakes.push(path === '' ? why : `${path}: ${why}`)
  }

  names(): string[] {
    return Object.keys(this.#value)
  }

  known(names: readonly string[]): void {
    for (const name of this.names()) {
      if (!names.includes(name)) this.wrong(name, `there is no such field (there are ${names.join(', ')})`)
    }
  }

  has(name: string): boolean {
    return this.value(name) !== undefined
  }

  value(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? (this.#value[name] ?? undefined) : undefined
  }

  /** Numbers count as text: `version: 15`. */
  text(name: string, { required = false, matches, like }: TextRule = {}): string {
    const value = this.value(name)
    if (value === undefined) {
      if (required) this.wrong(name, 'is missing')
      return ''
    }
    if (typeof value !== 'string' && typeof value !== 'number') {
      this.wrong(name, 'must be text')
      return ''
    }
    const text = String(value)
    if (text.includes('\0')) this.wrong(name, 'holds a zero byte')
    if (matches !== undefined && !matches.test(text)) {
      this.wrong(name, `${JSON.stringify(text)} is not allowed${like === undefined ? '' : ` (e.g. ${like})`}`)
    }
    return text
  }

  texts(name: string, rule: TextRule = {}): string[] {
    const value = this.value(name)
    if (value === undefined) return []
    if (!Array.isArray(value)) {
      this.wrong(name, 'must be a list')
      return []
    }
    const inner = new Fields(Object.fromEntries(value.entries()), this.#join(name), this.#mistakes)
    return value.map((_, i) => inner.text(String(i), rule))
  }

  textMap(name: string, key: RegExp): Record<string, string> {
    if (!this.has(name)) return {}
    const inner = this.object(name)
    for (const one of inner.names()) if (!key.test(one)) inner.wrong(one, 'is no name')
    return Object.fromEntries(inner.names().map((one) => [one, inner.text(one)]))
  }

  whole(
    name: string,
    {
      least,
      most,
      otherwise,
      required = false,
    }: { least: number; most: number; otherwise?: number; required?: boolean },
  ): number {
    const value = this.value(name)
    if (value === undefined) {
      if (required) this.wrong(name, 'is missing')
      return otherwise ?? least
    }
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
    this.wrong(name, `must be a whole number from ${least} to ${most}`)
    return least
  }

  object(name: string): Fields {
    return new Fields(this.value(name), this.#join(name), this.#mistakes)
  }

  objects(name: string): Fields[] {
    const value = this.value(name)
    if (value === undefined) return []
    if (!Array.isArray(value)) {
      this.wrong(name, 'must be a list')
      return []
    }
    return value.map((one, i) => new Fields(one, `${this.#join(name)}[${i}]`, this.#mistakes))
  }

  #join(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}
