// The nodes as text.

import { textTable } from '../text-table.ts'
import type { Amounts, NodeRow } from './rows.ts'

const HEAD = ['NAME', 'STATE', 'ROLE', 'GROUP', 'VERSION', 'ADDRESS', 'PODS', 'CPU', 'MEMORY', 'HEARD']
const NONE = '-'
const UNKNOWN = '?'
const GIBIBYTE = 1024 ** 3
const MEBIBYTE = 1024 ** 2

export function printNodes(rows: readonly NodeRow[], now: number): string {
  const cells = rows.map((row) => [
    row.name,
    row.state,
    row.roles.join(',') || NONE,
    row.group ?? NONE,
    row.version ?? NONE,
    row.addresses.join(',') || NONE,
    `${row.pods.count}/${row.pods.limit}`,
    amountsText(row.cpuMillis, cores),
    amountsText(row.memoryBytes, bytes),
    row.heardAt === undefined ? NONE : `${ageText(now - Date.parse(row.heardAt))} ago`,
  ])
  const reasons = rows
    .filter(({ reason }) => reason !== undefined)
    .map(({ name, state, reason }) => `${name} (${state}): ${reason}\nnext: kubectl describe node ${name}\n`)
  return textTable([HEAD, ...cells]) + (reasons.length === 0 ? '' : `\n${reasons.join('')}`)
}

function amountsText({ promised, used, all }: Amounts, text: (amount: number) => string): string {
  return [text(promised), used === undefined ? UNKNOWN : text(used), text(all)].join('/')
}

/** 1500 -> `1.5`. */
function cores(millis: number): string {
  return String(Math.round(millis / 10) / 100)
}

function bytes(amount: number): string {
  if (amount >= GIBIBYTE) return `${Math.round((amount / GIBIBYTE) * 10) / 10}Gi`
  return `${Math.round(amount / MEBIBYTE)}Mi`
}

/** A clock of the node may be ahead of this one. */
function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes}m`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours}h` : `${Math.round(hours / 24)}d`
}
