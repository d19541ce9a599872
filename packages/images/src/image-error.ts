// An archive or an image that cannot be used, and why: the message is for the person who brought it.

export class ImageError extends Error {
  override name = 'ImageError'
}
