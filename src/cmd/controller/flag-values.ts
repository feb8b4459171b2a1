import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import { defaultOf } from '../flags/controller-flags.ts';
import { parseDuration } from '../flags/duration.ts';

/** The Go version stores these flags in an int32. */
export const maxInt32 = 2 ** 31 - 1;

/**
 * The values of the controller's flags, with defaults. An invalid value adds to `errors`; if there are any, the values
 * returned must not be used.
 */
export class FlagValues {
  readonly errors: string[] = [];
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  isSet(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    return this.#values.get(name) ?? defaultOf(name);
  }

  isOn(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** Accepts only decimal digits; Go also accepts 0x10, and reads 010 as 8. */
  integer(name: string, min: number, max: number): number {
    const text = this.text(name) ?? '';
    const value = /^(?:0|[1-9]\d{0,9})$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const range = max === maxInt32 ? `of at least ${min}` : `from ${min} to ${max}`;
    return this.#invalid(name, `a whole number ${range}`);
  }

  decimal(name: string): number {
    const text = this.text(name) ?? '';
    if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,2})?$/i.test(text)) return Number(text);
    return this.#invalid(name, 'a number such as 20 or 0.5');
  }

  durationMs(name: string): number {
    const text = this.text(name) ?? '';
    const value = parseDuration(text);
    if (value !== undefined) return value;
    const suggestion = parseDuration(`${text}s`) === undefined ? undefined : `Did you mean ${text}s?`;
    return this.#invalid(name, 'a duration such as 15s, 1m30s, or 500ms', suggestion);
  }

  oneOf<Choice extends string>(name: string, [first, ...others]: readonly [Choice, ...Choice[]]): Choice {
    const text = this.text(name) ?? '';
    const choices = [first, ...others];
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    const near = nearestWord(text, choices);
    const suggestion = near === undefined ? undefined : `Did you mean ${near}?`;
    this.#invalid(name, choices.join(' or '), suggestion);
    return first;
  }

  /** For messages: `--leader-elect-lease-duration=15s (default)`. */
  setting(name: string): string {
    return `--${name}=${this.text(name) ?? ''}${this.isSet(name) ? '' : ' (default)'}`;
  }

  #invalid(
    name: string,
    expected: string,
    advice = `To use the default, ${defaultOf(name) ?? 'none'}, omit the flag.`,
  ): number {
    const flag = name.length === 1 ? `-${name}` : `--${name}`;
    this.errors.push(`${flag} must be ${expected}, not ${quoted(this.text(name) ?? '')}. ${advice}`);
    return Number.NaN;
  }
}
