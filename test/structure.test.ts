// The house rules that a machine can check: which package may import which, no cycles between packages, no file that
// nothing imports, no file that has outgrown its shape.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '..')
const MAX_LINES = 400

/** ARCHITECTURE.md, "Dependencies point one way". */
const ALLOWED: Record<string, readonly string[]> = {
  base: [],
  api: ['base'],
  store: ['base'],
  apiserver: ['base', 'api', 'store'],
  client: ['base', 'api'],
  scheduler: ['base', 'api'],
  controllers: ['base', 'api', 'client', 'scheduler'],
  gateway: ['base', 'api', 'client', 'machine'],
  images: ['base'],
  machine: ['base'],
  node: ['base', 'api', 'client', 'images', 'machine'],
  cli: ['base', 'api', 'client', 'scheduler', 'images', 'machine'],
  server: [
    'base',
    'api',
    'store',
    'apiserver',
    'client',
    'scheduler',
    'controllers',
    'gateway',
    'images',
    'machine',
    'node',
  ],
  testkit: [
    'base',
    'api',
    'store',
    'apiserver',
    'client',
    'scheduler',
    'controllers',
    'gateway',
    'images',
    'machine',
    'node',
    'server',
  ],
}

/** Files that are started and not imported. */
const ENTRY_POINTS = new Set(['packages/cli/src/main.ts', 'packages/server/src/main.ts'])

const sources = globSync('packages/*/src/**/*.ts', { cwd: ROOT })
const isTest = (file: string) => file.endsWith('.test.ts')
const packageOf = (file: string) => file.split('/')[1]!

interface Import {
  from: string
  to: string
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const found = text.matchAll(
    /(?:from\s+|import\s*\(\s*|import\s+|new URL\(\s*)'((?:@brume\/|\.{1,2}\/)[^']+)'/g,
  )
  return [...found].map((match) => ({ from: file, to: resolveImport(file, match[1]!) }))
}

function resolveImport(file: string, specifier: string): string {
  const named = /^@brume\/([^/]+)\/(.+)$/.exec(specifier)
  if (named !== null) return `packages/${named[1]}/src/${named[2]}.ts`
  return relative(ROOT, resolve(ROOT, dirname(file), specifier))
}

const imports = sources.flatMap(importsOf)

/** Child processes of tests: named in quotes by the test that starts them, and imported by nobody. */
const childProcesses = new Set(
  sources.filter(isTest).flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8')
    return [...text.matchAll(/'([\w-]+\.ts)'/g)].map(([, name]) => join(dirname(file), name!))
  }),
)
for (const { to } of imports) childProcesses.delete(to)

test('packages import only what the architecture allows', () => {
  const wrong = imports.filter(({ from, to }) => {
    const [a, b] = [packageOf(from), packageOf(to)]
    const ofTests = isTest(from) || childProcesses.has(from)
    const allowed = ofTests ? [...ALLOWED[a]!, 'testkit'] : ALLOWED[a]!
    return a !== b && !allowed.includes(b)
  })
  assert.deepEqual(wrong, [])
})

test('every package has its rule', () => {
  const packages = new Set(sources.map(packageOf))
  assert.deepEqual(
    [...packages].filter((name) => !(name in ALLOWED)),
    [],
  )
})

test('every source file is imported by another or is an entry point', () => {
  const used = new Set([...imports.map(({ to }) => to), ...childProcesses])
  const outside = globSync('{test,tools}/**/*.ts', { cwd: ROOT }).flatMap(importsOf)
  for (const { to } of outside) used.add(to)
  const orphans = sources.filter((file) => !isTest(file) && !used.has(file) && !ENTRY_POINTS.has(file))
  assert.deepEqual(orphans, [])
})

test('files do not import each other in circles', () => {
  const graph = new Map<string, string[]>()
  for (const file of sources) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    // Types vanish: they make no circle.
    const values = text.matchAll(
      /^(?:import|export)\s+(?!type\b)[^'"]*?from\s+'((?:@brume\/|\.{1,2}\/)[^']+)'/gm,
    )
    graph.set(
      file,
      [...values].map((match) => resolveImport(file, match[1]!)),
    )
  }
  assert.deepEqual(findCycle(graph), undefined)
})

function findCycle(graph: Map<string, string[]>): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const visit = (file: string): string[] | undefined => {
    if (state.get(file) === 'done') return undefined
    if (state.get(file) === 'open') return [...path.slice(path.indexOf(file)), file]
    state.set(file, 'open')
    path.push(file)
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next)
      if (cycle !== undefined) return cycle
    }
    path.pop()
    state.set(file, 'done')
    return undefined
  }
  for (const file of graph.keys()) {
    const cycle = visit(file)
    if (cycle !== undefined) return cycle
  }
  return undefined
}

test('the lock file has an entry for every package that it names, so that npm ci works everywhere', () => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<
      string,
      Record<'dependencies' | 'optionalDependencies', Record<string, string> | undefined>
    >
  }
  const installed = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1)!))
  const named = Object.values(lock.packages).flatMap(({ dependencies = {}, optionalDependencies = {} }) => [
    ...Object.keys(dependencies),
    ...Object.keys(optionalDependencies),
  ])
  assert.deepEqual(
    named.filter((name) => !installed.has(name)),
    [],
  )
})

test(`no hand-written file is longer than ${MAX_LINES} lines`, () => {
  const files = [...sources, ...globSync('{test,tools}/**/*.ts', { cwd: ROOT })]
  const long = files
    .filter((file) => !file.includes('/generated/'))
    .map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > MAX_LINES)
  assert.deepEqual(long, [])
})
