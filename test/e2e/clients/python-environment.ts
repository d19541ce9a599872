// The Kubernetes project's client for Python, in a virtual environment of its own under .state/.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const PACKAGE = 'kubernetes==32.0.1'
const ENVIRONMENT = resolve(import.meta.dirname, '../../../.state/clients', PACKAGE.replace('==', '-'))
export const PYTHON = join(ENVIRONMENT, 'bin/python')
const INSTALLED = join(ENVIRONMENT, 'installed')
const INSTALL_LIMIT_MS = 5 * 60_000
/** What pip says when the index cannot be reached, as opposed to when something is wrong with a package. */
const NO_INDEX =
  /No matching distribution|connection|ConnectTimeout|ProxyError|403 Client Error|Temporary failure/i

/** Why it cannot be installed here; undefined when it is. */
export async function installPython(): Promise<string | undefined> {
  if (existsSync(INSTALLED)) return undefined
  mkdirSync(ENVIRONMENT, { recursive: true })
  rmSync(ENVIRONMENT, { recursive: true })
  const made = await run('python3', ['-m', 'venv', ENVIRONMENT])
  if (made.code !== 0) return `python3 -m venv does not work here: ${made.output.trim().split('\n')[0]}`
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--only-binary=:all:',
    PACKAGE,
  ]
  const installed = await run(PYTHON, pip)
  if (installed.code !== 0) {
    const last = installed.output.trim().split('\n').at(-1)
    if (NO_INDEX.test(installed.output)) return `the package kubernetes cannot be fetched: ${last}`
    assert.fail(installed.output)
  }
  writeFileSync(INSTALLED, '')
  return undefined
}

function run(path: string, args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: INSTALL_LIMIT_MS })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ code: null, output: message }))
    child.once('close', (code) => resolve({ code, output }))
  })
}
