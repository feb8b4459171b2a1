import type { FormerAddress } from '../decide/former-address.ts';
import { durationText } from '../text/duration.ts';
import { printable } from '../text/quote.ts';

/** `last held by shop/web`, and how long it rests. The text in a tombstone can be anything. */
export function lastHeldBy({ service, restsForMs }: FormerAddress): string {
  const rests = restsForMs === 0 ? '' : `; rests for ${durationText(restsForMs, Math.ceil)} more`;
  return `last held by ${printable(service)}${rests}`;
}

/** `free for 2 minutes` */
export function freeFor({ freeForMs }: FormerAddress): string {
  return `free for ${durationText(freeForMs, Math.floor)}`;
}
