// What holds when nobody says otherwise.

/** Every name below it leads to the machine itself (RFC 6761). */
export const DEFAULT_DOMAIN = 'brume.localhost'

/** Where certificates for names of the Internet are had without an account that was made before. */
export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'
