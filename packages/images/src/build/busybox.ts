// The commands of busybox-static that are of use in a container.

import { ImageError } from '../image-error.ts'
import { type FileTree, linkNode } from './tree.ts'

const COMMANDS = (
  '[ [[ ar arch arp arping ascii ash awk base64 basename bc bunzip2 bzcat bzip2 cal cat chgrp chmod chown chroot ' +
  'clear cmp cp cpio crc32 cut date dc dd df diff dirname dmesg dnsdomainname dos2unix du echo ed egrep env expand ' +
  'expr factor fallocate false fgrep find fold free fsfreeze ftpget ftpput getopt grep groups gunzip gzip head ' +
  'hexdump hostid hostname httpd id ifconfig ionice ip ipcalc kill killall last less link ln logger logname ls lsof ' +
  'lzcat lzma md5sum mkdir mkfifo mknod mkpasswd mktemp more mount mv nc netstat nice nl nologin nproc nsenter ' +
  'nslookup od paste patch pidof ping ping6 pivot_root printenv printf ps pwd readlink realpath renice reset rev rm ' +
  'rmdir route run-parts sed seq setpriv setsid sh sha1sum sha256sum sha3sum sha512sum shred shuf sleep sort ' +
  'ssl_client start-stop-daemon stat strings stty su sync sysctl tac tail tar taskset tee telnet test tftp time ' +
  'timeout top touch tr traceroute traceroute6 true truncate ts tty umount uname uncompress unexpand uniq unix2dos ' +
  'unlink unlzma unshare unxz unzip uptime usleep uudecode uuencode vi w watch wc wget which who whoami xargs xxd ' +
  'xz xzcat yes zcat'
).split(' ')

/** Links to busybox for these commands where there is no program of that name yet. */
export function addBusyboxLinks(tree: FileTree, wanted: 'all' | readonly string[]): void {
  if (wanted.length === 0) return
  if (tree.resolve('bin/busybox') === undefined) {
    throw new ImageError(
      'the recipe asks for commands of busybox, but no package brings /bin/busybox (Debian: busybox-static)',
    )
  }
  for (const name of wanted === 'all' ? COMMANDS : wanted) {
    const isThere = ['bin', 'sbin', 'usr/bin', 'usr/sbin'].some(
      (dir) => tree.get(`${dir}/${name}`) !== undefined,
    )
    if (!isThere) tree.set(`bin/${name}`, linkNode('busybox'))
  }
}
