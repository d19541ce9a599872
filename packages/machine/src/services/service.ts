// Brume as a service of the machine: which files are written and which commands are run, as data.

import { openrcScript } from './openrc.ts'
import type { ServiceOptions } from './options.ts'
import { systemdUnit } from './systemd.ts'

export type InitSystem = 'systemd' | 'openrc'

export interface ServicePlan {
  file: { path: string; mode: number; text: string }
  /** After the file is written. */
  install: readonly (readonly string[])[]
  /** Before it is removed; what fails since it is gone already is no error. */
  remove: readonly (readonly string[])[]
  /** After it is removed. */
  removed: readonly (readonly string[])[]
  /** Ends with 0 when it runs. */
  status: readonly string[]
  /** For people. */
  logs: string
}

export function servicePlan(init: InitSystem, options: ServiceOptions): ServicePlan {
  return init === 'systemd' ? systemdPlan(options) : openrcPlan(options)
}

function systemdPlan(options: ServiceOptions): ServicePlan {
  const unit = `${options.name}.service`
  return {
    file: { path: `/etc/systemd/system/${unit}`, mode: 0o644, text: systemdUnit(options) },
    install: [
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', unit],
      ['systemctl', 'restart', unit],
    ],
    remove: [['systemctl', 'disable', '--now', unit]],
    removed: [['systemctl', 'daemon-reload']],
    status: ['systemctl', 'is-active', '--quiet', unit],
    logs: `journalctl --unit ${unit}`,
  }
}

function openrcPlan(options: ServiceOptions): ServicePlan {
  const { name } = options
  return {
    file: { path: `/etc/init.d/${name}`, mode: 0o755, text: openrcScript(options) },
    install: [
      ['rc-update', 'add', name, 'default'],
      ['rc-service', name, 'restart'],
    ],
    remove: [
      ['rc-service', name, 'stop'],
      ['rc-update', 'del', name, 'default'],
    ],
    removed: [],
    status: ['rc-service', name, 'status'],
    logs: './brume logs',
  }
}
