// The policy that a namespace's pod-security.kubernetes.io/ labels state, and how a pod stands against it.

import { type FieldError, invalid } from '@brume/api/field-error'
import { BASELINE_CHECKS } from './baseline.ts'
import type { Check, Level, PodTemplate, Violation } from './check.ts'
import { RESTRICTED_CHECKS } from './restricted.ts'

const PREFIX = 'pod-security.kubernetes.io/'
const LEVELS: readonly Level[] = ['privileged', 'baseline', 'restricted']
const LATEST = Number.POSITIVE_INFINITY

export interface LevelVersion {
  level: Level
  /** Minor version of the policy; Infinity: the latest. */
  minor: number
}

export interface Policy {
  enforce: LevelVersion
  audit: LevelVersion
  warn: LevelVersion
}

export interface ReadPolicy {
  policy: Policy
  errors: FieldError[]
}

/** Labels that cannot be read count as the strictest for enforcing and as none for the rest. */
export function readPolicy(labels: Readonly<Record<string, string>> = {}): ReadPolicy {
  const errors: FieldError[] = []
  const read = (mode: 'enforce' | 'audit' | 'warn'): LevelVersion => ({
    level: readLevel(labels, mode, errors),
    minor: readVersion(labels, mode, errors),
  })
  const policy = { enforce: read('enforce'), audit: read('audit'), warn: read('warn') }
  const isWarnSet = labels[`${PREFIX}warn`] !== undefined
  if (!isWarnSet && compareLevels(policy.enforce.level, policy.warn.level) > 0) policy.warn = policy.enforce
  return { policy, errors }
}

/** `restricted:latest`, `baseline:v1.25` */
export function formatLevel({ level, minor }: LevelVersion): string {
  return `${level}:${minor === LATEST ? 'latest' : `v1.${minor}`}`
}

/** Positive when `a` is stricter than `b`. */
export function compareLevels(a: Level, b: Level): number {
  return LEVELS.indexOf(a) - LEVELS.indexOf(b)
}

export function violations(pod: PodTemplate, { level, minor }: LevelVersion): Violation[] {
  return checksOf(level, minor).flatMap((check) => check.run(pod, minor) ?? [])
}

/** `host namespaces (hostNetwork=true), privileged (container "a" must not ...)` */
export function describeViolations(found: readonly Violation[]): string {
  return found.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')
}

function checksOf(level: Level, minor: number): readonly Check[] {
  if (level === 'privileged') return []
  const inForce = (checks: readonly Check[]) => checks.filter(({ since }) => since <= minor)
  const baseline = inForce(BASELINE_CHECKS)
  if (level === 'baseline') return baseline
  const restricted = inForce(RESTRICTED_CHECKS)
  const overridden = restricted.flatMap(({ overrides = [] }) => overrides)
  return [...baseline.filter(({ id }) => !overridden.includes(id)), ...restricted]
}

type Labels = Readonly<Record<string, string>>

function readLevel(labels: Labels, mode: string, errors: FieldError[]): Level {
  const value = labels[`${PREFIX}${mode}`]
  if (value === undefined) return 'privileged'
  const level = LEVELS.find((known) => known === value)
  if (level !== undefined) return level
  errors.push(invalid(`metadata.labels[${PREFIX}${mode}]`, value, `must be one of ${LEVELS.join(', ')}`))
  return mode === 'enforce' ? 'restricted' : 'privileged'
}

function readVersion(labels: Labels, mode: string, errors: FieldError[]): number {
  const value = labels[`${PREFIX}${mode}-version`]
  if (value === undefined || value === 'latest') return LATEST
  const match = /^v1\.(0|[1-9]\d{0,3})$/.exec(value)
  if (match !== null) return Number(match[1])
  errors.push(invalid(`metadata.labels[${PREFIX}${mode}-version]`, value, 'must be "latest" or "v1.x"'))
  return LATEST
}
