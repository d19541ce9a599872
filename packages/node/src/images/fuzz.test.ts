// What comes from outside (names that people write, secrets, answers of registries) is read or refused, and never more.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { credentialsFor } from './keyring.ts'
import { pullFailure } from './pull-error.ts'
import { ImageNameError, parseReference } from './reference.ts'

const SEED = 20_261_120
const ROUNDS = 3000
const PIECES = [
  'nginx',
  'Nginx',
  'docker.io',
  'localhost',
  '127.0.0.1',
  '[::1]',
  ':',
  ':5000',
  '/',
  '//',
  '@',
  '@sha256:',
  'a'.repeat(64),
  'g'.repeat(64),
  '..',
  '.',
  '-',
  '_',
  '__',
  '___',
  '*',
  '?',
  '[',
  ']',
  '\u0000',
  'é',
  ' ',
  'library',
  'v1',
  'latest',
  'http://',
  'https://',
  '/v2/',
  'x'.repeat(300),
  '%2e',
]

const random = seededRandom(SEED)
const { pick } = random
const text = () => Array.from({ length: 1 + random.below(7) }, () => pick(PIECES)).join('')

test(`a name is an image's or is refused, and a canonical name is its own canonical name (seed ${SEED})`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const name = text()
    try {
      const { canonical, repository } = parseReference(name)
      assert.equal(parseReference(canonical).canonical, canonical)
      assert.ok(canonical.startsWith(repository), name)
      assert.equal(/\.\.\/|\/\.\.|\s|\0/.test(canonical), false, canonical)
    } catch (error) {
      if (!(error instanceof ImageNameError)) throw error
    }
  }
})

test(`secrets of any content give credentials or none (seed ${SEED})`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const values = [null, 0, 'x', [], {}, { auth: text() }, { username: text(), password: 7 }, { auth: {} }]
    const auths = Object.fromEntries([0, 1, 2].map(() => [text(), pick(values)]))
    const content = pick([JSON.stringify({ auths }), JSON.stringify(auths), JSON.stringify([auths]), text()])
    const type = pick(['kubernetes.io/dockerconfigjson', 'kubernetes.io/dockercfg', 'Opaque'])
    const base64 = Buffer.from(content).toString('base64')
    const data = { '.dockerconfigjson': base64, '.dockercfg': base64 }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: {}, type, data }
    for (const { username, password } of credentialsFor(`${text()}/x`, [secret])) {
      assert.equal(typeof username, 'string')
      assert.equal(typeof password, 'string')
    }
  }
})

test(`whatever a runtime answers, the message holds its beginning or its end, and is bounded (seed ${SEED})`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const answer = Array.from({ length: 1 + random.below(40) }, text).join(' ')
    const { message } = pullFailure(answer, { image: 'i', host: 'h', arch: 'amd64' })
    assert.ok(message.length < 2500)
    assert.ok(message.includes(answer.slice(0, 20).trimStart()) || answer.startsWith('PullImage: '))
  }
})
