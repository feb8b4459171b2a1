import type { AddressState } from '../../core/queries/occupancy.ts';
import type { PoolItem, ServiceItem, ServiceItemState, ServiceTransition } from '../page-data.ts';
import { type Child, h } from './dom.ts';
import { linkTo } from './page-route.ts';
import { addressStates, count, serviceStates } from './states.ts';

/** What several views are made of. */

/** A view is a function of what the server told; the first heading is what a screen reader says of it. */
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
  return h('nav', { 'aria-label': 'Where this is', class: 'crumbs' }, h('a', { href: '#/' }, 'Addresses'));
}

export function serviceLink({ namespace, name }: ServiceItem): HTMLElement {
  return h('a', { href: linkTo('service', namespace, name) }, `${namespace}/${name}`);
}

/** As they stand on the Service: what is no address is a text. */
export function addressLinks(addresses: readonly string[]): Child {
  return addresses.map((address, i) => [
    i > 0 ? ', ' : undefined,
    /^[0-9a-f.:]+$/.test(address)
      ? h('a', { class: 'mono', href: linkTo('address', address) }, address)
      : h('span', { class: 'mono' }, address),
  ]);
}

/** Of Services, as `namespace/name`; who claims an address in the API may be something else. */
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

/** Services with all that is said of them. */
export function serviceList(services: readonly ServiceItem[], more: number): Child {
  return [
    h(
      'ul',
      { class: 'services' },
      services.map((service) =>
        h(
          'li',
          { 'data-key': `${service.namespace}/${service.name}` },
          h('span', { class: 'who' }, serviceLink(service)),
          h('span', { class: 'where' }, addressLinks(service.addresses)),
          h(
            'span',
            {},
            serviceChip(service.state),
            service.from === '' ? undefined : h('small', {}, ` ${service.from}`),
          ),
          service.note === '' ? undefined : h('p', {}, service.note),
        ),
      ),
    ),
    more > 0 ? h('p', { class: 'quiet' }, `And ${count(more)} more.`) : undefined,
  ];
}

export function poolLine(pool: PoolItem): Child {
  const { key, size, used, free, ranges, next, notes } = pool;
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
    notes.map((note) => h('p', { class: 'warning', 'data-key': `${key} ${note}` }, note)),
  ];
}

/** `waiting → 192.168.0.203`. */
export function changeText({ before, after }: ServiceTransition): string {
  const says = (service: ServiceItem): string =>
    service.state === 'Assigned' || service.state === 'Assigning'
      ? service.addresses.join(', ')
      : serviceStates[service.state].name;
  if (after === undefined) return before === undefined ? '' : `gone; had ${says(before)}`;
  if (before === undefined) return `new: ${says(after)}`;
  const [from, to] = [says(before), says(after)];
  if (from !== to) return `${from} → ${to}`;
  if (before.state !== after.state)
    return `${serviceStates[before.state].name} → ${serviceStates[after.state].name}`;
  return after.note === '' ? 'nothing odd any more' : after.note;
}

/** `16:02:11`, with the day before it where that is another one. */
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
