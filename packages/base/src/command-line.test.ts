import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CommandSpec, commandHelp, parseCommand, suggest, UsageError } from './command-line.ts'

const SPEC: CommandSpec = {
  name: 'make',
  usage: 'THING',
  summary: 'Make a thing',
  maxArguments: 1,
  options: [
    { name: 'force', short: 'f', help: 'Even so' },
    {
      name: 'color',
      short: 'c',
      value: 'NAME',
      help: 'How it looks',
      choices: ['red', 'blue'],
      default: 'red',
    },
    { name: 'place', value: 'DIR', help: 'Where' },
  ],
}

const parse = (...argv: string[]) => {
  const { options, words } = parseCommand('brume', SPEC, argv)
  return { options, words }
}

describe('command line', () => {
  it('takes options before, after and between words, in all spellings', () => {
    const expected = { options: { force: 'true', color: 'blue', place: '/x' }, words: ['it'] }
    assert.deepEqual(parse('--force', 'it', '--color', 'blue', '--place=/x'), expected)
    assert.deepEqual(parse('-f', '-c', 'blue', '--place', '/x', 'it'), expected)
    assert.deepEqual(parse('--', '--force'), { options: {}, words: ['--force'] })
    assert.deepEqual(parse('-'), { options: {}, words: ['-'] })
    assert.deepEqual(parse('--place', '--force').options, { place: '--force' })
  })

  it('refuses what it does not know, and ends with the way to the help', () => {
    const wrong: [string[], RegExp][] = [
      [['--forse'], /^unknown option --forse \(did you mean --force\?\)\. See: brume make --help$/],
      [['--color', 'green'], /^--color is one of red, blue, not "green"\. See/],
      [['--color'], /^--color needs a value: --color NAME\. See/],
      [['--force=yes'], /^--force takes no value\. See/],
      [['one', 'two'], /^unexpected word "two"\. See/],
    ]
    for (const [argv, message] of wrong) {
      assert.throws(
        () => parse(...argv),
        (error) => error instanceof UsageError && message.test(error.message),
      )
    }
  })

  it('keeps all values of an option that may be repeated, and the words of another program', () => {
    const spec: CommandSpec = {
      name: 'run',
      summary: 'Run',
      options: [{ name: 'env', short: 'e', value: 'N=V', help: 'A variable', repeats: true }],
      maxArguments: 1,
      takesRest: true,
    }
    const { options, lists, words, rest } = parseCommand(
      'brume',
      spec,
      'it -e A=1 --env=B=2 -- sh -e'.split(' '),
    )
    assert.deepEqual([options, lists], [{ env: 'B=2' }, { env: ['A=1', 'B=2'] }])
    assert.deepEqual([words, rest], [['it'], ['sh', '-e']])
  })

  it('shows every option with its value, choices and default', () => {
    const help = commandHelp('brume', SPEC)
    assert.match(help, /^Make a thing\.\n\nUsage: brume make THING \[options\]\n/)
    assert.match(help, /^ {2}-c, --color NAME {2}How it looks \(one of red, blue; default: red\)$/m)
    assert.match(help, /^ {2}-h, --help {8}Show this help$/m)
  })

  it('suggests only what is near', () => {
    assert.equal(suggest('statsu', ['status', 'version']), 'status')
    assert.equal(suggest('vrsion', ['status', 'version']), 'version')
    assert.equal(suggest('frobnicate', ['status', 'version']), undefined)
  })
})
