// When what nodes send each other for their pods is encrypted.

/** `auto`: to nodes that can do it. `required`: nothing goes to the others. */
export type Encryption = 'auto' | 'required' | 'off'
