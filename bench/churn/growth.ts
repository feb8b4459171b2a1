import { median } from '../figures.ts';

export interface Growth {
  readonly firstBytes: number;
  readonly lastBytes: number;
}

/**
 * The medians of the first and of the last third of what was seen at rest. What was before the first Service does not
 * count: the heap has not found its size then.
 */
export function growth(rests: readonly { readonly gone: number; readonly rssBytes: number }[]): Growth {
  const sizes = rests.filter(({ gone }) => gone > 0).map(({ rssBytes }) => rssBytes);
  const third = Math.max(1, Math.floor(sizes.length / 3));
  return { firstBytes: median(sizes.slice(0, third)), lastBytes: median(sizes.slice(-third)) };
}
