// The rows by suite.

import { POLICY_PEERS } from './policy-peers.ts'
import { POLICY_PORTS } from './policy-ports.ts'
import { POLICY_SIDES } from './policy-sides.ts'
import type { Row } from './rows.ts'
import { SERVICE_ADDRESSES } from './service-addresses.ts'
import { SERVICE_ENDPOINTS } from './service-endpoints.ts'

export const SUITES = {
  policies: [...POLICY_PEERS, ...POLICY_PORTS, ...POLICY_SIDES] as readonly Row[],
  services: [...SERVICE_ADDRESSES, ...SERVICE_ENDPOINTS] as readonly Row[],
}
