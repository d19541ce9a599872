// What the documents point at exists: links between them, files of the repository, and the named limits in their files.

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '..')
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).map((file) => ({
  file,
  text: readFileSync(join(ROOT, file), 'utf8'),
}))

test('links lead to files and headings that exist', () => {
  const broken: string[] = []
  for (const { file, text } of documents) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', heading] = target.split('#')
      const full = path === '' ? join(ROOT, file) : join(ROOT, dirname(file), path)
      if (!existsSync(full)) broken.push(`${file}: ${target}`)
      else if (heading !== undefined && !headingsOf(full).has(heading)) broken.push(`${file}: ${target}`)
    }
  }
  assert.deepEqual(broken, [])
})

/** As hosting sites make anchors of headings. */
function headingsOf(file: string): Set<string> {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

test('paths of the repository exist', () => {
  const missing: string[] = []
  for (const { file, text } of documents) {
    for (const [, path = ''] of text.matchAll(/`((?:packages|tools|test|docs)\/[\w./-]+)`/g)) {
      if (!existsSync(join(ROOT, path))) missing.push(`${file}: ${path}`)
    }
  }
  assert.deepEqual(missing, [])
})

test('limits are in the files that are named for them', () => {
  const operating = documents.find(({ file }) => file === 'docs/guide/operating.md')!.text
  const missing: string[] = []
  let checked = 0
  for (const line of operating.split('\n')) {
    const pairs = line.matchAll(/((?:`[A-Z_.a-z]+`, )+)`([a-z]+\/src\/[\w./-]+)`/g)
    for (const [, names = '', path = ''] of pairs) {
      const text = filesAt(join(ROOT, 'packages', path))
      for (const [, name = ''] of names.matchAll(/`([A-Z_]+)/g)) {
        checked++
        if (!new RegExp(`\\b${name} ?[=:]`).test(text)) missing.push(`${path}: ${name}`)
      }
    }
  }
  assert.ok(checked > 15, `${checked} limits were checked`)
  assert.deepEqual(missing, [])
})

function filesAt(path: string): string {
  const files = path.endsWith('.ts')
    ? [path]
    : globSync('*.ts', { cwd: path }).map((file) => join(path, file))
  return files.map((file) => readFileSync(file, 'utf8')).join('\n')
}
