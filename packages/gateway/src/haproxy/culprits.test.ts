import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Config } from './config.ts'
import { withoutCulprits } from './culprits.ts'
import { GatewayError } from './process.ts'

const RULES = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

/** A line for each rule that is not left out. */
function make(left: ReadonlyMap<string, string>): Config {
  const owners = [undefined, ...RULES.filter((rule) => !left.has(rule))]
  return { files: new Map(), fingerprint: '', owners, left: new Map(left), seated: new Map() }
}

/** Refuses these rules; `told`: with the line of the first. */
function refusing(bad: readonly string[], told: boolean) {
  const asked: number[] = []
  const check = async ({ owners }: Config) => {
    asked.push(owners.length)
    const line = owners.findIndex((owner) => owner !== undefined && bad.includes(owner))
    if (line === -1) return undefined
    return `[NOTICE] (1) : haproxy\n[ALERT]    (1) : config : ${told ? `parsing [/x/haproxy.cfg.check:${line + 1}] : ` : ''}bad thing.`
  }
  return { check, asked }
}

describe('rules that HAProxy refuses', () => {
  it('are found by the lines that it names', async () => {
    const { check, asked } = refusing(['b', 'f'], true)
    const { config, culprits } = await withoutCulprits(make, check)
    assert.deepEqual(
      [...culprits],
      [
        ['b', 'HAProxy does not take it: bad thing.'],
        ['f', 'HAProxy does not take it: bad thing.'],
      ],
    )
    assert.deepEqual(config.owners, [undefined, 'a', 'c', 'd', 'e', 'g'])
    assert.equal(asked.length, 3)
  })

  it('are found by halves where it names no line', async () => {
    for (const bad of [['a'], ['g'], ['c', 'd'], RULES]) {
      const { culprits } = await withoutCulprits(make, refusing(bad, false).check)
      assert.deepEqual([...culprits.keys()].sort(), bad)
    }
  })

  it('are not sought when none of them is to blame', async () => {
    const check = async () => '[ALERT] (1) : the disk is full'
    await assert.rejects(
      withoutCulprits(make, check),
      (error) => error instanceof GatewayError && /disk/.test(error.message),
    )
  })
})
