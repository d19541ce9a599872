// Completion for fish, with the summaries beside the names.

import type { CommandSpec, OptionSpec } from '@brume/base/command-line'

export function fishCompletion(commands: readonly CommandSpec[]): string {
  const lines = ['# Completion of brume for fish.']
  for (const { name, summary, options, argumentChoices } of commands) {
    lines.push(`complete -c brume -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`)
    const within = `-n ${quote(`__fish_seen_subcommand_from ${name}`)}`
    if (argumentChoices !== undefined) {
      lines.push(`complete -c brume ${within} -f -a ${quote(argumentChoices.join(' '))}`)
    }
    for (const option of options ?? []) lines.push(`complete -c brume ${within} ${optionText(option)}`)
  }
  return `${lines.join('\n')}\n`
}

function optionText({ name, short, value, help, choices }: OptionSpec): string {
  const parts = [`-l ${name}`]
  if (short !== undefined) parts.push(`-s ${short}`)
  if (value !== undefined) parts.push('-r')
  if (choices !== undefined) parts.push(`-f -a ${quote(choices.join(' '))}`)
  return [...parts, `-d ${quote(help)}`].join(' ')
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
