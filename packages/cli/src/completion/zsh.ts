// Completion for zsh, with the summaries beside the names.

import type { CommandSpec, OptionSpec } from '@brume/base/command-line'

export function zshCompletion(commands: readonly CommandSpec[]): string {
  const described = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}\n`).join('')
  const cases = commands
    .map((command) => {
      const words = command.argumentChoices
      const first = words === undefined ? `'*:file:_files'` : `'1:word:(${words.join(' ')})'`
      const options = (command.options ?? []).map((option) => ` \\\n        ${optionSpec(option)}`).join('')
      return `      ${command.name}) _arguments ${first}${options} ;;\n`
    })
    .join('')
  return `#compdef brume
# Completion of brume for zsh.
_brume() {
  local -a commands
  commands=(
${described}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases}  esac
}
compdef _brume brume
`
}

function optionSpec({ name, short, value, help, choices }: OptionSpec): string {
  const text = help.replaceAll(/[[\]:]/g, ' ')
  const action =
    value === undefined ? '' : `:${value}:${choices === undefined ? '_files' : `(${choices.join(' ')})`}`
  const long = quote(`--${name}[${text}]${action}`)
  return short === undefined ? long : `${long} ${quote(`-${short}[${text}]${action}`)}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
