import type { Clock, Random } from '../client/transport.ts';

/** Values that the API server sets on a new object. */

/** meta/v1 Time has whole seconds. */
export function timeNow(clock: Clock): string {
  return `${new Date(clock.wall()).toISOString().slice(0, 19)}Z`;
}

/** A version 4 UUID, RFC 9562 section 5.4. */
export function newUid(random: Random): string {
  const hex = (): string => Math.floor(random() * 16).toString(16);
  return 'xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx'.replace(/x/g, hex);
}

/** apiserver's pkg/storage/names: adds five characters that cannot form a word. */
export function generatedName(prefix: string, random: Random): string {
  const characters = 'bcdfghjklmnpqrstvwxz2456789';
  const one = (): string => characters.charAt(Math.floor(random() * characters.length));
  return prefix.slice(0, 58) + one() + one() + one() + one() + one();
}
