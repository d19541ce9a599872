// Tables of kubectl commands with what they must print, run by every version on this machine: versions side by side,
// the steps of one in their order.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { type Kubectl, kubectls, runsAll, WANTED_MINORS } from './kubectls.ts'
import { type Result, type RunOptions, type Session, type Shell, startSession } from './session.ts'

/** What a command must print and how it must end; texts are compared without white space at their end. */
export interface Expected {
  code?: number
  /** Of standard output. Default: not looked at. */
  out?: string | RegExp
  /** Of standard error. Default: nothing may be printed there. */
  err?: string | RegExp
}

/**
 * A command line (words, with '...' or "..." around those with spaces) and its result: the text or pattern of standard
 * output for one that succeeds. `$NS`, `$V` and `$DIR` stand for the namespace, the minor version and the folder.
 */
export type Step = [command: string, expected: string | RegExp | Expected, options?: StepOptions]

export interface StepOptions extends RunOptions {
  /** First and last minor version that runs this step. */
  since?: number
  until?: number
}

export const fails = (err: string | RegExp, code = 1): Expected => ({ code, err, out: '' })
export const warns = (err: string | RegExp, out: string | RegExp): Expected => ({ err, out })
export const any: Expected = { out: /^/, err: /^/ }

export interface Topic {
  /** Of the namespaces: a DNS label. */
  name: string
  /** Run by all versions, not only by those that run everything (see kubectls.ts). */
  core?: boolean
  /** Written into the folder before the steps. */
  files?: Record<string, string> | (() => Record<string, string>)
  /** A command without which the topic is skipped. */
  needs?: string
  steps: readonly Step[]
  /** After the steps. */
  also?(shell: Shell): Promise<void>
}

/** Declares the tests of a file: every topic in every version, on one control plane. */
export function kubectlSuite(title: string, topics: readonly Topic[]): void {
  suite(title, { concurrency: true, timeout: 170_000 }, () => {
    let session: Session
    before(async () => {
      if (kubectls().length > 0) session = await startSession()
    })
    after(() => session?.stop())
    for (const minor of WANTED_MINORS) {
      if (kubectls().some((kubectl) => kubectl.minor === minor)) continue
      test(`kubectl 1.${minor}`, { skip: `kubectl.1.${minor} is not on this machine` }, () => {})
    }
    for (const kubectl of kubectls()) {
      for (const topic of topics) {
        if (topic.core !== true && !runsAll(kubectl)) continue
        test(`kubectl ${kubectl.version}: ${topic.name}`, { skip: missing(topic) }, () =>
          runTopic(session, kubectl, topic),
        )
      }
    }
  })
}

async function runTopic(session: Session, kubectl: Kubectl, topic: Topic): Promise<void> {
  const shell = await session.shell(kubectl, topic.name.replaceAll(' ', '-'))
  const fill = (text: string) =>
    text
      .replaceAll('$NS', shell.namespace)
      .replaceAll('$V', String(kubectl.minor))
      .replaceAll('$DIR', shell.folder)
  for (const [name, text] of Object.entries(filesOf(topic))) shell.write(name, fill(text))
  const failures: string[] = []
  for (const [command, expected, options = {}] of topic.steps) {
    if (kubectl.minor < (options.since ?? 0) || kubectl.minor > (options.until ?? 999)) continue
    const line = fill(command)
    const stdin = options.stdin === undefined ? {} : { stdin: fill(options.stdin) }
    let result = await shell.run(words(line), { ...options, ...stdin })
    // kubectl replaces what it has just read; where a controller wrote in between, a person would do it again.
    for (let again = 0; again < MAX_AGAIN && line.startsWith('replace') && isRace(result); again++) {
      result = await shell.run(words(line), { ...options, ...stdin })
    }
    const problem = problemOf(result, expected, fill)
    if (problem !== undefined) failures.push(`kubectl ${line}\n${problem}`)
  }
  if (failures.length > 0) assert.fail(failures.join('\n\n'))
  await topic.also?.(shell)
}

const MAX_AGAIN = 10
const isRace = ({ stderr }: Result) => /deployments\.apps "web": the object has been modified/.test(stderr)

const filesOf = ({ files = {} }: Topic) => (typeof files === 'function' ? files() : files)

/** Why the topic cannot run here; false when it can. */
function missing({ needs }: Topic): string | false {
  const isThere =
    needs === undefined || spawnSync(needs, ['version'], { stdio: 'ignore' }).error === undefined
  return isThere ? false : `${needs} is not on this machine`
}

function problemOf(result: Result, expected: Step[1], fill: (text: string) => string): string | undefined {
  const {
    code = 0,
    out = /^/,
    err = '',
  } = typeof expected === 'string' || expected instanceof RegExp ? { out: expected } : expected
  const problems: string[] = []
  if (result.code !== code) problems.push(`  exit code ${result.code}, not ${code}`)
  for (const [stream, wanted] of [
    ['stdout', out],
    ['stderr', err],
  ] as const) {
    const text = result[stream].trimEnd()
    const fine = typeof wanted === 'string' ? text === fill(wanted).trimEnd() : wanted.test(text)
    if (!fine)
      problems.push(
        `  ${stream}: ${JSON.stringify(text)}\n  wanted: ${typeof wanted === 'string' ? JSON.stringify(fill(wanted)) : wanted}`,
      )
  }
  if (problems.length > 0 && result.code !== code) problems.push(`  stderr: ${result.stderr.trimEnd()}`)
  return problems.length === 0 ? undefined : problems.join('\n')
}

function words(line: string): string[] {
  const found: string[] = []
  for (const match of line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)) {
    found.push(match[0].replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double))
  }
  return found
}
