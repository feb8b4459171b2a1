import type { Log } from '../client/log.ts';
import type { CanonicalList } from '../core/model/address-list.ts';
import { keyOf, type ServiceView } from '../core/model/service-view.ts';

/** A log line cuts a text after 4,000 characters. */
const maxLength = 3_900;
/** The log keeps at most a mebibyte of lines for a reader that is slow: 10,000 Services are about half of it. */
const maxHolders = 10_000;

/** The addresses that this controller has assigned to the Service; undefined if there are none. */
export function assignedTo({ record, uid }: ServiceView, controller: string): CanonicalList | undefined {
  if (record === undefined || record.uid !== uid || record.controller !== controller) return undefined;
  return record.addresses.entries.length === 0 ? undefined : record.addresses;
}

/**
 * Logs which Service has which address, in lines of `shop/web=10.0.0.1,2001:db8::1 shop/api=10.0.0.2`. Together with the later
 * assignments and releases, this is all that `kubectl vip history` needs: a log can begin with any leadership. With more than
 * `maxHolders` Services, nothing is logged, because an incomplete list does not say which Services have gone.
 */
export function logHolders(log: Log, views: Iterable<ServiceView>, controller: string): void {
  const holders = holdersIn(views, controller);
  if (holders === undefined) return;
  const texts = joined(holders);
  for (const [index, text] of texts.entries()) {
    const [part, parts] = [index + 1, texts.length];
    const suffix = parts === 1 ? '' : `, part ${part} of ${parts}`;
    log.info(`Services with addresses: ${holders.length}${suffix}`, { holders: text, part, parts });
  }
}

function holdersIn(views: Iterable<ServiceView>, controller: string): string[] | undefined {
  const holders: string[] = [];
  for (const view of views) {
    const addresses = assignedTo(view, controller);
    if (addresses === undefined) continue;
    if (holders.length === maxHolders) return undefined;
    holders.push(`${keyOf(view)}=${addresses.text}`);
  }
  return holders;
}

/** Joins words with spaces into as few texts as the length allows, at least one. */
function joined(words: readonly string[]): string[] {
  const texts = [''];
  for (const word of words) {
    const last = texts.at(-1) ?? '';
    if (last === '') texts[texts.length - 1] = word;
    else if (last.length + 1 + word.length <= maxLength) texts[texts.length - 1] = `${last} ${word}`;
    else texts.push(word);
  }
  return texts;
}
