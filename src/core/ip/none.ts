/** An empty list. A new one for each decision would be garbage. */
export const none: readonly never[] = [];
