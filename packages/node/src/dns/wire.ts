// Numbers and records of DNS messages that several parts read and write. Sources: RFC 1035, section 4.1.1; RFC 4035,
// section 3.2.2; RFC 6891.

import type { OptAnswer } from 'dns-packet'

export const AUTHORITATIVE = 1 << 10
export const TRUNCATED = 1 << 9
export const RECURSION_DESIRED = 1 << 8
export const RECURSION_AVAILABLE = 1 << 7
export const CHECKING_DISABLED = 1 << 4

/** Of the flags: the response code. */
export const RCODE_MASK = 0xf
export const SERVFAIL = 2
export const NXDOMAIN = 3
export const NOTIMP = 4
export const REFUSED = 5

/** What passes every network in one piece. */
export const LARGEST_UDP_BYTES = 1232

/** EDNS as this node speaks it. */
export function optRecord(extendedRcode = 0): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: LARGEST_UDP_BYTES,
    extendedRcode,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  }
}
