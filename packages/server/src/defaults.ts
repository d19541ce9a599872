// What holds when nobody says otherwise.

/** Every name below it leads to the machine itself (RFC 6761). */
export const DEFAULT_DOMAIN = 'brume.localhost'
