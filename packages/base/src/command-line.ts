// Commands, their options and their help, as one table: parsing, `--help` and shell completion all come from it.

export interface OptionSpec {
  /** Without the dashes: `data-dir`. */
  name: string
  /** One letter. */
  short?: string
  /** Name of the value in help (`DIR`); absent: a switch. */
  value?: string
  /** One sentence without a full stop. */
  help: string
  /** Shown in help. */
  default?: string
  choices?: readonly string[]
  /** May be given several times: its values are in `lists`. */
  repeats?: boolean
}

export interface CommandSpec {
  name: string
  /** In help, e.g. `[FILE]`. */
  usage?: string
  /** One sentence without a full stop. */
  summary: string
  /** Paragraphs below the summary. */
  details?: string
  options?: readonly OptionSpec[]
  /** How many words may follow. Default: none. */
  maxArguments?: number
  /** The values that the first word may have. */
  argumentChoices?: readonly string[]
  /** Words after `--` are another program's: they are in `rest`. */
  takesRest?: boolean
}

export interface ParsedCommand {
  command: CommandSpec
  /** Text by option name; switches that are given are 'true'. */
  options: Readonly<Record<string, string | undefined>>
  /** All values of the options that may be repeated, in order. */
  lists: Readonly<Record<string, readonly string[] | undefined>>
  words: readonly string[]
  rest: readonly string[]
}

/** The command line is wrong; the message says how, and ends with the command to run. Exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export const EXIT_OK = 0
export const EXIT_FAILED = 1
export const EXIT_USAGE = 2

export const HELP_OPTION: OptionSpec = { name: 'help', short: 'h', help: 'Show this help' }

/** Of help, in letters. */
const LINE = 120
const MAX_LEFT = 30

/** A suggestion is made for names that differ by at most so many letters. */
const MAX_DISTANCE = 2

/**
 * Options may be written `--name value`, `--name=value` or `-n value`, before and after words; `--` ends them.
 * `program` is for messages.
 */
export function parseCommand(program: string, command: CommandSpec, argv: readonly string[]): ParsedCommand {
  const help = `See: ${program} ${command.name} --help`
  const known = [...(command.options ?? []), HELP_OPTION]
  const options: Record<string, string | undefined> = {}
  const lists: Record<string, string[]> = {}
  const words: string[] = []
  let rest: readonly string[] = []
  for (let i = 0; i < argv.length; i++) {
    const text = argv[i]!
    if (text === '--') {
      if (command.takesRest) rest = argv.slice(i + 1)
      else words.push(...argv.slice(i + 1))
      break
    }
    if (!text.startsWith('-') || text === '-') {
      words.push(text)
      continue
    }
    const [flag, inline] = splitFlag(text)
    const option = known.find(({ name, short }) => flag === `--${name}` || flag === `-${short}`)
    if (option === undefined)
      throw new UsageError(`unknown option ${flag}${similarOption(flag, known)}. ${help}`)
    if (option.value === undefined) {
      if (inline !== undefined) throw new UsageError(`${flag} takes no value. ${help}`)
      options[option.name] = 'true'
      continue
    }
    const value = inline ?? argv[++i]
    if (value === undefined) throw new UsageError(`${flag} needs a value: ${flag} ${option.value}. ${help}`)
    if (option.choices !== undefined && !option.choices.includes(value)) {
      throw new UsageError(`${flag} is one of ${option.choices.join(', ')}, not "${value}". ${help}`)
    }
    options[option.name] = value
    if (option.repeats) lists[option.name] = [...(lists[option.name] ?? []), value]
  }
  if (options['help'] === undefined && words.length > (command.maxArguments ?? 0)) {
    throw new UsageError(`unexpected word "${words[command.maxArguments ?? 0]}". ${help}`)
  }
  return { command, options, lists, words, rest }
}

/** The name that was probably meant, if one is near. */
export function suggest(text: string, names: readonly string[]): string | undefined {
  let best: { name: string; distance: number } | undefined
  for (const name of names) {
    const distance = editDistance(text, name)
    if (distance <= MAX_DISTANCE && (best === undefined || distance < best.distance))
      best = { name, distance }
  }
  return best?.name
}

/** Help of one command. */
export function commandHelp(program: string, command: CommandSpec): string {
  const usage = [program, command.name, command.usage, '[options]'].filter((part) => part).join(' ')
  const options = [...(command.options ?? []), HELP_OPTION]
  const rows = options.map((option): [string, string] => [optionText(option), optionHelp(option)])
  const details = command.details === undefined ? '' : `${command.details.trim()}\n\n`
  return `${command.summary}.\n\nUsage: ${usage}\n\n${details}Options:\n${table(rows)}`
}

export interface ProgramHelp {
  program: string
  summary: string
  commands: readonly CommandSpec[]
  options: readonly OptionSpec[]
  /** Paragraphs at the end. */
  footer: string
}

/** Help of the whole program. */
export function programHelp({ program, summary, commands, options, footer }: ProgramHelp): string {
  const commandRows = commands.map((command): [string, string] => [command.name, command.summary])
  const optionRows = [...options, HELP_OPTION].map((o): [string, string] => [optionText(o), optionHelp(o)])
  return [
    `${summary}\n`,
    `Usage: ${program} COMMAND [options]\n`,
    `Commands:\n${table(commandRows)}`,
    `Options:\n${table(optionRows)}`,
    `${footer.trim()}\n`,
  ].join('\n')
}

function splitFlag(text: string): [string, string | undefined] {
  const equals = text.indexOf('=')
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)]
}

function similarOption(flag: string, known: readonly OptionSpec[]): string {
  const name = suggest(
    flag.replace(/^-+/, ''),
    known.map(({ name }) => name),
  )
  return name === undefined ? '' : ` (did you mean --${name}?)`
}

function optionText({ name, short, value }: OptionSpec): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

function optionHelp({ help, default: fallback, choices }: OptionSpec): string {
  const notes = [choices && `one of ${choices.join(', ')}`, fallback && `default: ${fallback}`].filter(
    Boolean,
  )
  return notes.length === 0 ? help : `${help} (${notes.join('; ')})`
}

/** What is too long for the left column has its help on the next line. */
function table(rows: readonly [string, string][]): string {
  const width = Math.min(MAX_LEFT, Math.max(...rows.map(([left]) => left.length)))
  const margin = ' '.repeat(width + 4)
  return rows
    .map(([left, right]) => {
      const lines = wrapped(right, LINE - margin.length)
      const head = left.length > width ? [`  ${left}`] : [`  ${left.padEnd(width)}  ${lines.shift()}`]
      return `${[...head, ...lines.map((line) => margin + line)].join('\n')}\n`
    })
    .join('')
}

function wrapped(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

/** Levenshtein's: insertions, deletions and replacements of one letter. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
