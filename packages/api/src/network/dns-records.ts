// Records of DNS as the cloud's own names and its zones have them (RFC 1035, RFC 2782).

export type DnsRecord =
  | { type: 'A' | 'AAAA'; address: string }
  /** Without priority and weight: those of the cloud's own names. */
  | { type: 'SRV'; port: number; target: string; priority?: number; weight?: number }
  | { type: 'MX'; preference: number; exchange: string }
  | { type: 'CNAME' | 'PTR'; target: string }
  /** A text of at most 255 bytes, or several that belong together. */
  | { type: 'TXT'; text: string | Buffer[] }
