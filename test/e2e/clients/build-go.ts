// Builds the Go programs of this folder into .state/, once for each state of their sources.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const SOURCES = join(import.meta.dirname, 'go')
const OUT = resolve(import.meta.dirname, '../../../.state/clients')
const BUILD_LIMIT_MS = 10 * 60_000
/** What Go says when modules cannot be fetched, as opposed to when they do not fit. */
const NO_PROXY =
  /dial tcp|no such host|connection refused|i\/o timeout|TLS handshake|module lookup disabled|proxyconnect|403 Forbidden|502 Bad Gateway/
const OLD_GO = /requires go >= [\d.]+|unknown directive|invalid go version/

export interface GoProgram {
  /** A folder of go/. */
  name: 'everything' | 'informers'
  /** The file with the versions: go.mod (client-go 0.32), newest.mod. */
  modules: 'go.mod' | 'newest.mod'
}

export type Built = { path: string } | { skip: string }

/** The program's path, or why this machine cannot build it. Rejects when its code does not compile. */
export async function buildGo({ name, modules }: GoProgram): Promise<Built> {
  const version = await runGo(['env', 'GOVERSION', 'GOARCH'])
  if (version === undefined) return { skip: 'go is not installed' }
  const family = `${name}-${modules}-`
  const path = join(OUT, `${family}${hash(version.output, name, modules)}`)
  if (existsSync(path)) return { path }
  mkdirSync(OUT, { recursive: true })
  const flags = ['-mod=readonly', `-modfile=${modules}`]
  const fetched = (await runGo(['list', ...flags, '-deps', `./${name}`]))!
  if (fetched.code !== 0) {
    const why = fetched.output.trim().split('\n').at(-1)
    if (NO_PROXY.test(fetched.output)) return { skip: `Go modules cannot be fetched: ${why}` }
    if (OLD_GO.test(fetched.output)) return { skip: `this Go is too old: ${why}` }
    throw new Error(`go list ${name}: ${fetched.output}`)
  }
  const unfinished = `${path}.${process.pid}`
  const built = (await runGo(['build', '-p=2', ...flags, '-ldflags=-s -w', '-o', unfinished, `./${name}`]))!
  if (built.code !== 0) throw new Error(`go build ${name}: ${built.output}`)
  renameSync(unfinished, path)
  for (const file of readdirSync(OUT)) {
    if (file.startsWith(family) && join(OUT, file) !== path) rmSync(join(OUT, file))
  }
  return { path }
}

function hash(...parts: string[]): string {
  const digest = createHash('sha256').update(parts.join('\n'))
  for (const file of globSync('**/*.{go,mod,sum}', { cwd: SOURCES }).sort()) {
    digest.update(`\n${file}\n`).update(readFileSync(join(SOURCES, file)))
  }
  return digest.digest('hex').slice(0, 16)
}

/** undefined where there is no Go. */
async function runGo(args: string[]): Promise<{ code: number | null; output: string } | undefined> {
  const child = spawn('go', args, {
    cwd: SOURCES,
    // Not the flags and the toolchain downloads that a person may have set.
    env: { ...process.env, GOFLAGS: '', GOTOOLCHAIN: 'local', GOWORK: 'off', CGO_ENABLED: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: BUILD_LIMIT_MS,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? resolve(undefined) : reject(error),
    )
    child.once('close', (code) => resolve({ code, output }))
  })
}
