// How the HTTP edge says on its IngressClass where apps are reached.

export const EDGE_CLASS = 'brume'
/** Apps have names below it. */
export const EDGE_DOMAIN = 'brume.dev/domain'
export const EDGE_HTTP_PORT = 'brume.dev/http-port'
export const EDGE_HTTPS_PORT = 'brume.dev/https-port'
/** What keeps it from serving, as a sentence that may end with `Next: COMMAND`. */
export const EDGE_PROBLEM = 'brume.dev/edge-problem'
