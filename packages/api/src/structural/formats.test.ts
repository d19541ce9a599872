import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOfFormat, knownFormat } from './formats.ts'

const CASES: Record<string, { good: string[]; bad: string[] }> = {
  uri: {
    good: ['http://a/b?c#d', '/path', 'urn:x:y', 'https://[::1]:80/'],
    bad: ['', 'a b', 'foo', 'http://a:x/', '/%zz'],
  },
  email: { good: ['a@b.c', 'A <a.b@c.d>', '"x y"@z'], bad: ['a', '@b', 'a@', 'a b@c', 'a@b@c'] },
  hostname: {
    good: ['a', 'example.com', 'x-1.example.org'],
    bad: ['-a', 'a..b', 'a.b.1', 'a_b', 'x'.repeat(300)],
  },
  ipv4: { good: ['1.2.3.4'], bad: ['1.2.3', '::1', '256.1.1.1'] },
  ipv6: { good: ['::1', 'fe80::1'], bad: ['1.2.3.4', 'x::'] },
  cidr: { good: ['10.0.0.0/8', '::/0'], bad: ['10.0.0.0', '10.0.0.0/33'] },
  mac: { good: ['01:23:45:67:89:ab', '0123.4567.89ab'], bad: ['01:23', '01:23:45:67:89:ag'] },
  uuid: { good: ['123e4567-e89b-12d3-a456-426614174000'], bad: ['123e4567', ''] },
  uuid4: { good: ['123e4567-e89b-42d3-a456-426614174000'], bad: ['123e4567-e89b-12d3-a456-426614174000'] },
  isbn: { good: ['0321751043', '978-0321751041'], bad: ['0321751044'] },
  creditcard: { good: ['4111 1111 1111 1111'], bad: ['4111 1111 1111 1112'] },
  hexcolor: { good: ['#fff', 'ABCDEF'], bad: ['#ffff'] },
  rgbcolor: { good: ['rgb(255, 0,1)'], bad: ['rgb(256,0,0)'] },
  byte: { good: ['aGk=', 'aGVs'], bad: ['a', '***='] },
  date: { good: ['2024-02-29'], bad: ['2023-02-29', '2024-1-1'] },
  duration: { good: ['1h30m', '-1.5s', '22 ns', '5 days', '0'], bad: ['', 'x', '5 parsecs'] },
  'date-time': {
    good: ['2014-12-15T19:30:20.000Z', '2014-12-15T19:30:20+01:00'],
    bad: ['2014-12-15', '2014-13-15T19:30:20Z'],
  },
}

for (const [format, { good, bad }] of Object.entries(CASES)) {
  test(`tells ${format} from what is not`, () => {
    for (const text of good) assert.equal(isOfFormat(format, text), true, text)
    for (const text of bad) assert.equal(isOfFormat(format, text), false, text)
  })
}

test('ignores formats that Kubernetes does not know', () => {
  assert.equal(knownFormat('k8s-short-name'), undefined)
  assert.equal(isOfFormat('mine', 'anything'), true)
})

test('is linear in hostile text', () => {
  for (const format of Object.keys(CASES)) {
    for (const text of ['1'.repeat(200_000), 'a'.repeat(200_000), '1a'.repeat(100_000)])
      isOfFormat(format, text)
  }
})
