// What this machine can run containers with, by the name that a RuntimeClass gives as its handler. Brume installs runc; what
// else is found is used as it is.

import { findExecutable } from '@brume/machine/executables'

export interface RuntimeHandler {
  name: string
  /** containerd's name for the shim. */
  type: string
  /** Absolute path, for those that are programs like runc. */
  binary?: string
}

/** Of the shim that speaks to programs of runc's manner. */
const RUNC_TYPE = 'io.containerd.runc.v2'

/** Others that are like runc. */
const LIKE_RUNC = ['crun', 'youki'] as const
/** Those with a shim of their own: its program, and what that needs beside it. */
const OWN_SHIMS = [
  { name: 'runsc', type: 'io.containerd.runsc.v1', programs: ['containerd-shim-runsc-v1', 'runsc'] },
  { name: 'kata', type: 'io.containerd.kata.v2', programs: ['containerd-shim-kata-v2'] },
] as const

/** runc first: it is the one of pods that name none. */
export function installedHandlers(
  runc: string,
  find: (program: string) => string | undefined = findExecutable,
): RuntimeHandler[] {
  const like = LIKE_RUNC.flatMap((name) => {
    const binary = find(name)
    return binary === undefined ? [] : [{ name, type: RUNC_TYPE, binary }]
  })
  const own = OWN_SHIMS.filter(({ programs }) => programs.every((program) => find(program) !== undefined))
  return [
    { name: 'runc', type: RUNC_TYPE, binary: runc },
    ...like,
    ...own.map(({ name, type }) => ({ name, type })),
  ]
}
