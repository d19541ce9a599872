// The unit for systemd (systemd.service(5), systemd.kill(5)).

import { type ServiceOptions, serviceArgv, serviceDescription } from './options.ts'

export function systemdUnit(options: ServiceOptions): string {
  return `[Unit]
Description=${serviceDescription(options)} (${options.dataDir})
Wants=network-online.target
After=network-online.target local-fs.target time-sync.target nftables.service firewalld.service ufw.service
RequiresMountsFor=${path(options.dataDir)}
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${serviceArgv(options).map(word).join(' ')}
Environment=HOME=/root
WorkingDirectory=/
Restart=on-failure
RestartPreventExitStatus=2
RestartSec=2
# Containers outlive Brume: only its own process is ended, and their control groups are left alone.
KillMode=process
Delegate=yes
TimeoutStopSec=15
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-900
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`
}

/** In ExecStart, "%" names a fact of the unit and "$" a variable: both are doubled. */
function word(text: string): string {
  const plain = path(text).replaceAll('$', '$$$$')
  if (/^[\w@%+=:,./-]+$/.test(plain)) return plain
  return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function path(text: string): string {
  return text.replaceAll('%', '%%')
}
