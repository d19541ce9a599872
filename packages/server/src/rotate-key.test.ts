// Rotation of the key of Secrets, time and again. What happens when it is cut off stands in test/e2e/crash.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestControlPlane } from '@brume/testkit/control-plane'
import { httpOf } from '@brume/testkit/http'

const PATH = '/encryption/rotate'
const SECRETS = '/api/v1/namespaces/default/secrets'
/** Those of a file, as the store has it. */
const MAX_KEYS = 16

test('a full key file is told with the way out, and the way out leads out', async () => {
  const plane = await startTestControlPlane()
  try {
    const http = httpOf(plane)
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { k: 'dmFsdWU=' } }
    assert.equal((await http.send('POST', SECRETS, secret)).status, 201)
    for (let keys = 2; keys <= MAX_KEYS; keys++) assert.equal((await http.send('POST', PATH)).body.keys, keys)
    const full = await http.send('POST', PATH)
    assert.equal(full.status, 500)
    assert.match(full.body.message, /it has 16 keys already. Next: \.\/brume rotate-key --drop-old-keys$/)
    const dropped = await http.send('POST', PATH, undefined, { query: { dropOldKeys: 'true' } })
    assert.deepEqual([dropped.status, dropped.body.keys], [200, 1], dropped.text)
    await plane.restart()
    assert.equal((await http.send('GET', `${SECRETS}/s`)).body.data.k, 'dmFsdWU=')
  } finally {
    await plane.stop()
  }
})
