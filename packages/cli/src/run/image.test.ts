import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RegistryClient } from '@brume/images/client/registry-client'
import { CommandError } from '../command.ts'
import { resolveImage } from './image.ts'

/** A registry that has these tags of its repositories. */
function registryOf(tags: Record<string, string[]>): RegistryClient {
  return new RegistryClient({
    async request({ path }) {
      const found = tags[/^\/v2\/(.*)\/tags\/list$/.exec(path)?.[1] ?? '']
      const body = Buffer.from(
        JSON.stringify(found === undefined ? { errors: [{ code: 'NAME_UNKNOWN' }] } : { tags: found }),
      )
      const chunks = (async function* () {
        yield body
      })()
      return {
        status: found === undefined ? 404 : 200,
        headers: { 'content-type': 'application/json' },
        body: chunks,
        buffer: async () => body,
      }
    },
  })
}

const OWN = registryOf({
  'library/python': ['3.11'],
  'library/redis': ['7', 'latest'],
  'team/web': ['1', '2'],
})

describe('a short image name', () => {
  for (const [text, image] of [
    ['python', 'registry.brume.internal/library/python:3.11'],
    ['python:3.11', 'registry.brume.internal/library/python:3.11'],
    ['redis', 'registry.brume.internal/library/redis:latest'],
    ['registry.brume.internal/team/web:2', 'registry.brume.internal/team/web:2'],
  ] as const) {
    it(`${text} is the cloud's own, and that is said`, async () => {
      const found = await resolveImage(OWN, text)
      assert.equal(found.image, image)
      assert.match(found.note ?? '', /cloud's own registry/)
    })
  }
  it("is docker.io's when the cloud's registry has none of it, and that is said", async () => {
    const found = await resolveImage(OWN, 'nginx')
    assert.deepEqual(
      [found.image, found.note],
      ['nginx', "image: docker.io/library/nginx, for the cloud's registry has no nginx"],
    )
    assert.equal((await resolveImage(undefined, 'nginx')).image, 'nginx')
  })
  it('with a team before it is never the library', async () => {
    const found = await resolveImage(OWN, 'bitnami/redis')
    assert.deepEqual([found.image, found.note], ['bitnami/redis', 'image: docker.io/bitnami/redis'])
    const same = "image: docker.io/team/web:2; the cloud's own is registry.brume.internal/team/web"
    assert.equal((await resolveImage(OWN, 'team/web:2')).note, same)
  })
  it('of another registry stays as it is', async () => {
    assert.deepEqual(await resolveImage(OWN, 'ghcr.io/a/b:1'), { image: 'ghcr.io/a/b:1' })
  })
  for (const text of ['python:2', 'registry.brume.internal/team/web']) {
    it(`${text}, of which there are other tags, is refused with these`, async () => {
      await assert.rejects(
        resolveImage(OWN, text),
        (error) => error instanceof CommandError && /has .* as /.test(error.message),
      )
    })
  }
  it("that names the cloud's registry and is not in it is refused", async () => {
    await assert.rejects(resolveImage(OWN, 'registry.brume.internal/nope:1'), /has no image/)
  })
})
