import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseReference } from './reference.ts'

const SHA = 'a'.repeat(64)

test('short names are Docker Hub’s, and without tag or digest the tag is latest', () => {
  const canonical = (name: string) => parseReference(name).canonical
  assert.equal(canonical('nginx'), 'docker.io/library/nginx:latest')
  assert.equal(canonical('bitnami/redis:7'), 'docker.io/bitnami/redis:7')
  assert.equal(canonical('index.docker.io/nginx'), 'docker.io/library/nginx:latest')
  assert.equal(canonical('localhost/web'), 'localhost/web:latest')
  assert.equal(canonical('127.0.0.1:5000/a/b:v1'), '127.0.0.1:5000/a/b:v1')
  assert.equal(canonical('[::1]:5000/a'), '[::1]:5000/a:latest')
  assert.equal(canonical(`ghcr.io/a/b:v1@sha256:${SHA}`), `ghcr.io/a/b@sha256:${SHA}`)
  assert.equal(canonical('Upper.example/a'), 'Upper.example/a:latest')
})

test('the repository is what credentials are for', () => {
  assert.deepEqual(parseReference('registry.brume.internal/library/web:1'), {
    host: 'registry.brume.internal',
    repository: 'registry.brume.internal/library/web',
    canonical: 'registry.brume.internal/library/web:1',
  })
})

test('what no registry could have is refused, in the words that people look up', () => {
  const refused: [string, RegExp][] = [
    ['', /couldn't parse image name "": invalid reference format/],
    ['Nginx', /repository name \(library\/Nginx\) must be lowercase/],
    ['a b', /invalid reference format/],
    ['nginx:', /invalid reference format/],
    ['nginx@sha256:abc', /invalid reference format/],
    [`nginx@md5:${'a'.repeat(32)}`, /unsupported digest algorithm/],
    [`nginx@sha256:${SHA}0`, /invalid checksum digest length/],
    ['../etc/passwd', /invalid reference format/],
    ['example.com/../x', /invalid reference format/],
    ['https://example.com/x', /invalid reference format/],
    [SHA, /cannot specify 64-byte hexadecimal strings/],
    [`example.com/${'a'.repeat(250)}`, /must not be more than 255 characters/],
    ['a'.repeat(100_000), /invalid reference format/],
  ]
  for (const [name, why] of refused) assert.throws(() => parseReference(name), why, name.slice(0, 40))
})
