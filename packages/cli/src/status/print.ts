// The state of the cloud as text.

import { conditionOf } from '../conditions.ts'
import type { ObservedCloud } from './observe.ts'
import type { Problem } from './problems.ts'

export interface PrintedStatus {
  server: string
  context: string
  cloud: ObservedCloud
  problems: readonly Problem[]
}

/** More are counted, not shown. */
const MAX_PROBLEMS = 10

export function printStatus({ server, context, cloud, problems }: PrintedStatus): string {
  const rows: [string, string][] = [
    ['server', `${server} (context ${context})`],
    ['version', cloud.version],
    ['ready', readyText(cloud)],
    ['nodes', nodesText(cloud)],
    ['objects', countsText(cloud)],
  ]
  if (cloud.hidden.length > 0) rows.push(['not shown', `${cloud.hidden.join(', ')} (you may not list them)`])
  const width = Math.max(...rows.map(([name]) => name.length)) + 1
  const head = rows.map(([name, text]) => `${`${name}:`.padEnd(width)} ${text}\n`).join('')
  return head + problemsText(problems)
}

function readyText({ ready, checks }: ObservedCloud): string {
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name)
  return ready ? `yes (${checks.length} checks)` : `no: ${failed.join(', ') || 'the server does not say why'}`
}

function nodesText({ nodes }: ObservedCloud): string {
  if (nodes.length === 0) return 'none, so pods stay Pending'
  const ready = nodes.filter((node) => conditionOf(node, 'Ready')?.status === 'True').length
  return ready === nodes.length ? `${ready} ready` : `${ready} ready, ${nodes.length - ready} not ready`
}

function countsText({ counts, pods }: ObservedCloud): string {
  const running = pods.filter((pod) => pod.status?.phase === 'Running').length
  return Object.entries(counts)
    .filter(([plural]) => plural !== 'nodes')
    .map(([plural, count]) => `${count} ${plural}${plural === 'pods' ? ` (${running} running)` : ''}`)
    .join(', ')
}

function problemsText(problems: readonly Problem[]): string {
  if (problems.length === 0) return '\nNothing is wrong.\n'
  const shown = problems.slice(0, MAX_PROBLEMS).map(({ what, next }) => `- ${what}\n  next: ${next}\n`)
  const more = problems.length - shown.length
  const rest = more > 0 ? `- and ${more} more; all of them: ./brume status -o json\n` : ''
  return `\n${problems.length === 1 ? 'One thing is' : `${problems.length} things are`} wrong:\n${shown.join('')}${rest}`
}
