// The script for OpenRC (openrc-run(8), supervise-daemon(8)).

import { type ServiceOptions, serviceArgv, serviceDescription } from './options.ts'

export function openrcScript(options: ServiceOptions): string {
  const [command, ...args] = serviceArgv(options)
  return `#!/sbin/openrc-run
# Written by "brume service install".

name="Brume"
description="${serviceDescription(options)}"
supervisor=supervise-daemon
command=${word(command!)}
command_args=${word(args.map(word).join(' '))}
directory=/
output_log=/var/log/${options.name}.log
error_log=/var/log/${options.name}.log
respawn_delay=2
respawn_max=0
retry=TERM/15
rc_ulimit="-n 1048576"
# Containers outlive Brume.
rc_cgroup_cleanup=NO

depend() {
	need net localmount cgroups
	use dns logger
	after firewall nftables ufw ntp-client chronyd
}
`
}

/** One word for the shell that reads the script; the arguments are read by it a second time. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
