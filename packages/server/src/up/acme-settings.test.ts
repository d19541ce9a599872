import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { LETS_ENCRYPT } from '@brume/machine/commands/up'
import { testServerCertificate } from '@brume/testkit/server-certificate'
import { UserError } from '../user-error.ts'
import { acmeSettings } from './acme-settings.ts'

test('nobody at a CA is asked without an address', () => {
  assert.equal(acmeSettings({}), undefined)
  assert.equal(acmeSettings({ email: 'a@example.org' })?.directory, LETS_ENCRYPT)
  assert.throws(() => acmeSettings({ all: true }), /--acme-email is missing/)
})

test('what is wrong with a setting of the CA is one sentence before anything starts', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-acme-'))
  try {
    const file = (name: string, text: string) => {
      writeFileSync(join(dir, name), text)
      return join(dir, name)
    }
    const email = 'a@example.org'
    const { ca } = await testServerCertificate()
    const good = acmeSettings({
      email,
      ca: file('ca', ca),
      eab: file('eab', 'kid-1 c2VjcmV0LXNlY3JldC1zZWNyZXQ\n'),
    })
    assert.deepEqual(good?.externalAccount, { keyId: 'kid-1', key: 'c2VjcmV0LXNlY3JldC1zZWNyZXQ' })
    assert.equal(good?.ca, ca)
    for (const [flags, said] of [
      [{ email: 'me' }, /--acme-email me is no address/],
      [{ email, directory: 'http://ca.example.org' }, /--acme-directory .* is no https:/],
      [{ email, ca: join(dir, 'none') }, /--acme-ca .*ENOENT/],
      [{ email, ca: file('x', 'x') }, /holds no certificate/],
      [{ email, eab: file('y', 'one') }, /does not hold two words/],
    ] as const) {
      assert.throws(
        () => acmeSettings(flags),
        (error) => error instanceof UserError && error.exitCode === 2 && said.test(error.message),
      )
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
