import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ImageError } from '../image-error.ts'
import { loadRecipe, shippedRecipes } from './load.ts'
import { parseRecipe } from './parse.ts'

const dir = mkdtempSync(join(tmpdir(), 'brume-recipe-'))
after(() => rmSync(dir, { recursive: true, force: true }))

describe('recipes', () => {
  it('that come with Brume can all be read', async () => {
    const names = await shippedRecipes()
    for (const name of ['web', 'node', 'python', 'postgresql', 'redis', 'debug', 'busybox']) {
      assert.ok(names.includes(name), name)
    }
    for (const name of names) {
      const recipe = await loadRecipe(name)
      assert.equal(recipe.name, name)
      assert.notEqual(recipe.summary, '')
    }
  })

  it('of databases lay nothing over a volume that is kept at their home', async () => {
    // A volume of the image begins empty with each container, and hides what a claim mounted above it keeps.
    const { volumes, users } = await loadRecipe('postgresql')
    assert.ok(users.some(({ home }) => home === '/var/lib/postgresql'))
    assert.deepEqual(volumes, [])
  })

  it('name every mistake at once, with its field', () => {
    const text = `
name: Web
version: [1]
packages: [nginx, "rm -rf /"]
files:
  - { path: etc/x, content: a, link: b }
  - { path: /etc/../../x, mode: 0644, directory: true }
users: [{ name: web }]
env: { "A B": c }
ports: [http]
comand: [x]
labels: { long: ${'x'.repeat(4096)} }
`
    const expected = [
      /^r.yaml: /,
      /labels.long: name and value have more than 4096 bytes/,
      /comand: there is no such field/,
      /name: "Web" is not allowed \(e.g. web or team\/web\)/,
      /packages.1: "rm -rf \/" is not allowed/,
      /files\[0\]: name exactly one of/,
      /files\[0\].path: "etc\/x" is no absolute path/,
      /files\[1\].path: "\/etc\/..\/..\/x" is no absolute path/,
      /users\[0\].id: is missing/,
      /env.A B: is no name/,
      /ports.0: "http" is not allowed/,
    ]
    assert.throws(
      () => parseRecipe(text, 'r.yaml'),
      (error) => {
        assert.ok(error instanceof ImageError)
        for (const pattern of expected) assert.match(error.message, pattern)
        return true
      },
    )
  })

  it('that are no YAML, or grow without end, are refused', () => {
    assert.throws(() => parseRecipe('name: [', 'r.yaml'), /r.yaml is not YAML/)
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((c, i) => `${c}: &${c} [${`*${'abcdefg'[i]},`.repeat(9)}]`)
      .join('\n')}`
    assert.throws(() => parseRecipe(bomb, 'r.yaml'), /not YAML that can be used/)
    assert.throws(() => parseRecipe('x'.repeat(2_000_000), 'r.yaml'), /larger than/)
  })

  it('extend others: lists and maps grow, the rest is replaced', async () => {
    writeFileSync(
      join(dir, 'a.yaml'),
      'name: a\npackages: [one]\nenv: { A: "1" }\nentrypoint: [x]\ncommand: [y]\nuser: u\n',
    )
    writeFileSync(
      join(dir, 'b.yaml'),
      'name: b\nextends: ./a.yaml\npackages: { any: [two], alpine: [three] }\nenv: { B: "2" }\nentrypoint: [z]\n',
    )
    const recipe = await loadRecipe('./b.yaml', dir)
    assert.deepEqual(recipe.packages, { any: ['one', 'two'], alpine: ['three'] })
    assert.deepEqual(recipe.env, { A: '1', B: '2' })
    assert.deepEqual([recipe.name, recipe.entrypoint, recipe.command, recipe.user], ['b', ['z'], [], 'u'])
  })

  it('that extend themselves, or something that is not there, are refused', async () => {
    writeFileSync(join(dir, 'c.yaml'), 'name: c\nextends: ./c.yaml\n')
    await assert.rejects(loadRecipe('./c.yaml', dir), /more than 8 deep/)
    await assert.rejects(
      loadRecipe('nosuch'),
      /there is no recipe nosuch; those that come with Brume are .*web/,
    )
  })
})
