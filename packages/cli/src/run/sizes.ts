// T-shirt sizes: what an app asks for when nobody wants to count millicores. docs/guide/run.md has the table.

export interface Size {
  /** Promised; more is taken when it is free. */
  cpu: string
  /** Promised, and no more than this is given. */
  memory: string
}

export const SIZES = {
  xs: { cpu: '50m', memory: '128Mi' },
  s: { cpu: '250m', memory: '512Mi' },
  m: { cpu: '500m', memory: '1Gi' },
  l: { cpu: '1', memory: '2Gi' },
  xl: { cpu: '2', memory: '4Gi' },
} as const satisfies Record<string, Size>

export type SizeName = keyof typeof SIZES

export const SIZE_NAMES = Object.keys(SIZES) as SizeName[]

export const DEFAULT_SIZE: SizeName = 's'

/** undefined: there is none that is larger. */
export function nextSize(size: SizeName): SizeName | undefined {
  return SIZE_NAMES[SIZE_NAMES.indexOf(size) + 1]
}
