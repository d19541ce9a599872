// `brume completion`: scripts for shells, made from the table of commands.

import { type CommandSpec, EXIT_OK, HELP_OPTION, UsageError } from '@brume/base/command-line'
import type { Command } from '../command.ts'
import { bashCompletion } from '../completion/bash.ts'
import { fishCompletion } from '../completion/fish.ts'
import { zshCompletion } from '../completion/zsh.ts'

const SHELLS: Readonly<Record<string, (commands: readonly CommandSpec[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

export const completion: Command = {
  spec: {
    name: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'Print a completion script for a shell',
    details: `Bash: source <(./brume completion bash)
Zsh:  source <(./brume completion zsh)
Fish: ./brume completion fish | source`,
    maxArguments: 1,
    argumentChoices: Object.keys(SHELLS),
  },
  async run({ words }, { out }) {
    const shell = words[0]
    const script = shell !== undefined && Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined
    if (script === undefined)
      throw new UsageError('name a shell. Next: ./brume completion bash (or zsh, fish)')
    // The table holds this command too, hence the late import.
    const { COMMANDS, LAUNCHER_COMMANDS } = await import('../program.ts')
    const all = [...LAUNCHER_COMMANDS, ...COMMANDS.map(({ spec }) => spec)]
    out.write(script(all.map((spec) => ({ ...spec, options: [...(spec.options ?? []), HELP_OPTION] }))))
    return EXIT_OK
  },
}
