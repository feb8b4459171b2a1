/** A failure that the user can fix: the message says how. */
export class ImageError extends Error {}
