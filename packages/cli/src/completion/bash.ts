// Completion for bash: the command, then its options and the values they may have.

import type { CommandSpec, OptionSpec } from '@brume/base/command-line'

export function bashCompletion(commands: readonly CommandSpec[]): string {
  const cases = commands.map(
    (command) => `    ${command.name})
      case "$previous" in
${(command.options ?? [])
  .filter(({ value }) => value !== undefined)
  .map(valueCase)
  .join('')}      esac
      words="${[...(command.argumentChoices ?? []), ...(command.options ?? []).map(flag)].join(' ')}" ;;
`,
  )
  return `# Completion of brume for bash.
_brume() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} help --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ -n "\${COMPREPLY[*]}" ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _brume brume ./brume
`
}

function valueCase(option: OptionSpec): string {
  const flags = option.short === undefined ? flag(option) : `${flag(option)} | -${option.short}`
  const reply = option.choices === undefined ? '-f' : `-W "${option.choices.join(' ')}"`
  return `        ${flags}) COMPREPLY=($(compgen ${reply} -- "$current")); return ;;\n`
}

function flag({ name }: OptionSpec): string {
  return `--${name}`
}
