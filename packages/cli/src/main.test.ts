import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { COMMANDS, LAUNCHER_COMMANDS } from './program.ts'
import { brume } from './testing.ts'

const NOWHERE = { HOME: '/nonexistent', KUBECONFIG: '/nonexistent/kubeconfig' }

describe('brume command line', () => {
  it('shows every command in its help, those of the launcher too, and says that kubectl does the rest', async () => {
    for (const argv of [[], ['--help'], ['-h'], ['help']]) {
      const { code, out } = await brume(argv)
      assert.equal(code, 0)
      for (const { name } of [...COMMANDS.map(({ spec }) => spec), ...LAUNCHER_COMMANDS]) {
        assert.match(out, new RegExp(`^ {2}${name} `, 'm'))
      }
      assert.match(out, /kubectl/)
    }
  })

  it('has help for every command', async () => {
    for (const { spec } of COMMANDS) {
      for (const argv of [
        [spec.name, '--help'],
        ['help', spec.name],
      ]) {
        const { code, out } = await brume(argv)
        assert.equal(code, 0)
        assert.match(
          out,
          new RegExp(
            `^${spec.summary.replace(/[.*+?^$()[\]{}|\\]/g, '\\$&')}\\.\n\nUsage: \\./brume ${spec.name}`,
          ),
        )
        assert.match(out, /-h, --help/)
      }
    }
  })

  it('suggests what was probably meant, with exit code 2', async () => {
    const { code, err } = await brume(['statsu'])
    assert.equal(code, 2)
    assert.match(err, /unknown command "statsu"; did you mean "status"\? Next: \.\/brume status\n$/)
    const option = await brume(['status', '--kubconfig', 'x'])
    assert.equal(option.code, 2)
    assert.match(option.err, /did you mean --kubeconfig\?\).*\.\/brume status --help/)
  })

  it('sends to kubectl what is its, and to the launcher what is its', async () => {
    assert.match((await brume(['get', 'pods'])).err, /Next: kubectl get pods\n/)
    assert.match((await brume(['up', '--no-node'])).err, /Next: \.\/brume up --no-node\n/)
    assert.equal((await brume(['zzzzzzz'])).err, 'brume: unknown command "zzzzzzz". Next: ./brume --help\n')
    assert.equal((await brume(['-v'])).err, 'brume: unknown option "-v". Next: ./brume --help\n')
  })

  it('refuses wrong options with exit code 2 and the way to the help', async () => {
    for (const argv of [
      ['status', '--output', 'yaml'],
      ['status', 'extra'],
      ['status', '--context'],
      ['kubeconfig', '--merge=yes'],
      ['completion', 'powershell'],
    ]) {
      const { code, err, out } = await brume(argv, NOWHERE)
      assert.equal(code, 2, argv.join(' '))
      assert.equal(out, '')
      assert.match(err, /(--help|Next: \.\/brume completion bash)/)
    }
  })

  it('ends with the command to run next when there is no cloud', async () => {
    const { code, err } = await brume(['status'], NOWHERE)
    assert.equal(code, 1)
    assert.match(err, /no kubeconfig at \/nonexistent\/kubeconfig.*\.\/brume up/)
    const own = await brume(['kubeconfig', '--data-dir', '/nonexistent'], NOWHERE)
    assert.equal(own.code, 1)
    assert.match(own.err, /next: \.\/brume up/)
    const elsewhere = await brume(['status', '--data-dir', '/nonexistent/cloud'], NOWHERE)
    assert.equal(elsewhere.code, 1)
    assert.match(
      elsewhere.err,
      /no cloud in \/nonexistent\/cloud\nnext: .\/brume up --data-dir \/nonexistent\/cloud\n/,
    )
  })

  it('names the data directory that was asked for when its cloud does not run', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'brume-stopped-'))
    try {
      const config = {
        'current-context': 'a',
        contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
        clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }],
        users: [{ name: 'a', user: { token: 't' } }],
      }
      writeFileSync(join(dataDir, 'kubeconfig'), JSON.stringify(config))
      for (const option of [['--data-dir', dataDir], [`--data-dir=${dataDir}`]]) {
        const { code, err } = await brume(['status', ...option], NOWHERE)
        assert.equal(code, 1)
        assert.match(err, new RegExp(`next: ./brume up --data-dir ${dataDir} `))
      }
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

  it('prints completion scripts that bash accepts, with every command and option', async () => {
    const { code, out } = await brume(['completion', 'bash'])
    assert.equal(code, 0)
    execFileSync('bash', ['-n'], { input: out })
    const reply = execFileSync('bash', [
      '-c',
      `${out}\nCOMP_WORDS=(brume status --o); COMP_CWORD=2; _brume; echo "\${COMPREPLY[*]}"`,
    ])
    assert.equal(reply.toString().trim(), '--output')
    const values = execFileSync('bash', [
      '-c',
      `${out}\nCOMP_WORDS=(brume status -o ''); COMP_CWORD=3; _brume; echo "\${COMPREPLY[*]}"`,
    ])
    assert.equal(values.toString().trim(), 'json')
    for (const shell of ['zsh', 'fish']) {
      const script = (await brume(['completion', shell])).out
      for (const { spec } of COMMANDS) assert.ok(script.includes(spec.name), `${shell}: ${spec.name}`)
    }
  })
})
