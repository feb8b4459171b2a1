import type { AddressState } from '../../core/queries/occupancy.ts';
import type { PoolItem, QuotaItem, ServiceItem, ServiceItemState, ServiceTransition } from '../page-data.ts';
import { type Child, h } from './dom.ts';
import { linkTo } from './page-route.ts';
import { addressStates, count, serviceStates } from './states.ts';

/** Parts that several views share. */

/** Each view starts with a level 1 heading, which gets the focus. */
export interface PageView {
  readonly title: string;
  readonly content: Child;
}

export function section(id: string, title: string, content: Child, empty: string): HTMLElement {
  return h(
    'section',
    { 'aria-labelledby': id, 'data-key': id },
    h('h2', { id }, title),
    empty === '' ? content : h('p', { class: 'quiet' }, empty),
  );
}

export function heading(...content: Child[]): HTMLElement {
  return h('h1', { tabindex: -1 }, ...content);
}

export function legend(): HTMLElement {
  return h(
    'ul',
    { class: 'legend', 'aria-label': 'Signs in the maps' },
    Object.entries(addressStates).map(([state, { sign, name, meaning }]) =>
      h(
        'li',
        { title: meaning },
        h('span', { class: 'sign', 'data-state': state, 'aria-hidden': 'true' }, sign),
        name,
      ),
    ),
  );
}

export function back(): HTMLElement {
  return h('nav', { 'aria-label': 'Breadcrumb', class: 'crumbs' }, h('a', { href: '#/' }, 'Addresses'));
}

export function serviceLink({ namespace, name }: ServiceItem): HTMLElement {
  return h('a', { href: linkTo('service', namespace, name) }, `${namespace}/${name}`);
}

/** Addresses as written on the Service: anything that is not an address stays plain text. */
export function addressLinks(addresses: readonly string[]): Child {
  return addresses.map((address, i) => [
    i > 0 ? ', ' : undefined,
    /^[0-9a-f.:]+$/.test(address)
      ? h('a', { class: 'mono', href: linkTo('address', address) }, address)
      : h('span', { class: 'mono' }, address),
  ]);
}

/** Links each `namespace/name` to its Service; the parent of an IPAddress claim may be something else. */
export function nameLinks(names: readonly string[]): Child {
  return names.map((name, i) => [
    i > 0 ? ', ' : undefined,
    /^[^ /]+\/[^ /]+$/.test(name) ? h('a', { href: linkTo('service', ...name.split('/')) }, name) : name,
  ]);
}

export function stateChip(state: AddressState): HTMLElement {
  const { sign, name } = addressStates[state];
  return h('span', { class: 'chip', 'data-state': state }, sign === '' ? name : `${sign} ${name}`);
}

export function serviceChip(state: ServiceItemState): HTMLElement {
  const { sign, name } = serviceStates[state];
  return h('span', { class: 'chip', 'data-service': state }, `${sign} ${name}`);
}

export function serviceList(services: readonly ServiceItem[], more: number): Child {
  return [
    h(
      'ul',
      { class: 'services' },
      services.map((service) =>
        h(
          'li',
          { 'data-key': `${service.namespace}/${service.name}` },
          h('span', { class: 'name' }, serviceLink(service)),
          h('span', { class: 'ips' }, addressLinks(service.addresses)),
          h(
            'span',
            {},
            serviceChip(service.state),
            service.from === '' ? undefined : h('small', {}, ` ${service.from}`),
          ),
          service.condition === '' ? undefined : h('p', {}, service.condition),
        ),
      ),
    ),
    more > 0 ? h('p', { class: 'quiet' }, `And ${count(more)} more.`) : undefined,
  ];
}

export function poolSummary(pool: PoolItem): Child {
  const { key, size, used, free, ranges, next, notes, problems } = pool;
  return [
    size === '0'
      ? undefined
      : h(
          'p',
          { class: 'fill' },
          h('span', { class: 'bar', 'data-fill': pool.percent }),
          `${count(used)} of ${count(size)} in use, ${count(free)} free`,
        ),
    h(
      'p',
      { class: 'mono quiet' },
      ranges === '' ? 'no addresses' : ranges,
      next.length > 0 ? ['; next ', addressLinks(next)] : size === '0' ? undefined : '; full',
    ),
    notes.length === 0 ? undefined : h('p', { class: 'quiet' }, notes.join('; ')),
    problems.map((problem) => h('p', { class: 'warning', 'data-key': `${key} ${problem}` }, problem)),
  ];
}

/** `shop: 5 of 5, 2 pending`, with a bar. */
export function quotaList(quotas: readonly QuotaItem[], more: number): Child {
  return [
    h(
      'ul',
      { class: 'plain' },
      quotas.map(({ namespace, key, limit, used, percent, pending }) =>
        h(
          'li',
          { 'data-key': namespace },
          h('b', {}, namespace),
          h('small', {}, ` ${key}`),
          h(
            'span',
            { class: 'fill' },
            h('span', { class: 'bar', 'data-fill': percent }),
            `${count(used)} of ${count(limit)}${pending > 0 ? `, ${count(pending)} pending` : ''}`,
          ),
        ),
      ),
    ),
    more > 0 ? h('p', { class: 'quiet' }, `And ${count(more)} more.`) : undefined,
  ];
}

/** `Pending → 192.168.0.203`. */
export function changeText({ before, after }: ServiceTransition): string {
  const summary = (service: ServiceItem): string =>
    service.state === 'Assigned' || service.state === 'Assigning'
      ? service.addresses.join(', ')
      : serviceStates[service.state].name;
  if (after === undefined) return before === undefined ? '' : `removed; was ${summary(before)}`;
  if (before === undefined) return `new: ${summary(after)}`;
  const [from, to] = [summary(before), summary(after)];
  if (from !== to) return `${from} → ${to}`;
  if (before.state !== after.state)
    return `${serviceStates[before.state].name} → ${serviceStates[after.state].name}`;
  return after.condition === '' ? 'condition cleared' : after.condition;
}

/** `16:02:11`, with the date if it is not today. */
export function timeText(when: Date): string {
  const time = when.toLocaleTimeString('en-GB');
  if (when.toDateString() === new Date().toDateString()) return time;
  return `${when.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time}`;
}

export function changeList(changes: readonly ServiceTransition[]): HTMLElement {
  return h(
    'ol',
    { class: 'changes' },
    changes.map((change) => {
      const service = change.after ?? change.before;
      if (service === undefined) return undefined;
      const when = new Date(change.at);
      return h(
        'li',
        { 'data-key': `${change.at} ${service.namespace}/${service.name}` },
        h('time', { datetime: when.toISOString() }, timeText(when)),
        h(
          'span',
          {},
          change.after === undefined ? `${service.namespace}/${service.name}` : serviceLink(service),
        ),
        h('span', {}, changeText(change)),
      );
    }),
  );
}
