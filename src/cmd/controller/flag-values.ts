import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import { defaultOf } from '../flags/controller-flags.ts';
import { parseDuration } from './duration.ts';

/** Go keeps these in an int32. */
export const mostInt32 = 2 ** 31 - 1;

/**
 * The values of the controller's flags, given ones and defaults. What cannot be is an error with what to write instead;
 * once there is one, nothing that was read is of use.
 */
export class FlagValues {
  readonly errors: string[] = [];
  readonly #given: ReadonlyMap<string, string>;

  constructor(given: ReadonlyMap<string, string>) {
    this.#given = given;
  }

  isGiven(name: string): boolean {
    return this.#given.has(name);
  }

  text(name: string): string | undefined {
    return this.#given.get(name) ?? defaultOf(name);
  }

  isOn(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** Only plain digits: Go also reads 0x10, and takes 010 for 8. */
  whole(name: string, least: number, most: number): number {
    const text = this.text(name) ?? '';
    const value = /^(?:0|[1-9]\d{0,9})$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === mostInt32 ? `from ${least} on` : `from ${least} to ${most}`;
    return this.#wrong(name, `is a whole number ${range}`);
  }

  decimal(name: string): number {
    const text = this.text(name) ?? '';
    if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,2})?$/i.test(text)) return Number(text);
    return this.#wrong(name, 'is a number like 20 or 0.5');
  }

  durationMs(name: string): number {
    const text = this.text(name) ?? '';
    const value = parseDuration(text);
    if (value !== undefined) return value;
    const inSeconds = parseDuration(`${text}s`) === undefined ? undefined : `Do you mean ${text}s?`;
    return this.#wrong(name, 'is a duration like 15s, 1m30s or 500ms', inSeconds);
  }

  oneOf<Choice extends string>(name: string, [first, ...others]: readonly [Choice, ...Choice[]]): Choice {
    const text = this.text(name) ?? '';
    const choices = [first, ...others];
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    const near = nearestWord(text, choices);
    this.#wrong(name, `is ${choices.join(' or ')}`, near === undefined ? undefined : `Do you mean ${near}?`);
    return first;
  }

  /** As it could have been written: `--leader-elect-lease-duration=15s (the default)`. */
  shown(name: string): string {
    return `--${name}=${this.text(name) ?? ''}${this.isGiven(name) ? '' : ' (the default)'}`;
  }

  #wrong(
    name: string,
    isWhat: string,
    advice = `Leave it out for the default, ${defaultOf(name) ?? 'none'}.`,
  ): number {
    const flag = name.length === 1 ? `-${name}` : `--${name}`;
    this.errors.push(`${flag} ${isWhat}, not ${quoted(this.text(name) ?? '')}. ${advice}`);
    return Number.NaN;
  }
}
