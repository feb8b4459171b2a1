import type { AddressDetail, PoolDetail, SearchResult, ServiceDetail } from '../page-data.ts';
import { h } from './dom.ts';
import { mapElement } from './grid.ts';
import { linkTo } from './page-route.ts';
import {
  addressLinks,
  back,
  heading,
  legend,
  nameLinks,
  type PageView,
  poolLine,
  section,
  serviceChip,
  serviceList,
  stateChip,
} from './parts.ts';
import { addressStates, count, outcomes } from './states.ts';

export function poolView(detail: PoolDetail, columns: number): PageView {
  const { pool, range, parents, map, inUse, moreInUse } = detail;
  const title = range === undefined ? pool.key : `${range} in ${pool.key}`;
  const crumbs = parents.filter((parent) => parent !== range);
  return {
    title,
    content: [
      h(
        'nav',
        { 'aria-label': 'Where this is', class: 'crumbs' },
        h('a', { href: '#/' }, 'Addresses'),
        range === undefined ? undefined : [' / ', h('a', { href: linkTo('pool', pool.key) }, pool.key)],
        crumbs.map((parent) => [
          ' / ',
          h('a', { class: 'mono', href: linkTo('pool', pool.key, parent) }, parent),
        ]),
      ),
      heading(range ?? pool.key),
      range === undefined ? poolLine(pool) : undefined,
      legend(),
      map.segments.length === 0 ? h('p', { class: 'quiet' }, 'There is no address to draw.') : undefined,
      mapElement(map, { pool: pool.key, columns }, true),
      inUse.length > 0
        ? h(
            'section',
            { 'aria-labelledby': 'in-use', 'data-key': 'in-use' },
            h('h2', { id: 'in-use' }, 'In use'),
            h(
              'ul',
              { class: 'addresses' },
              inUse.map((cell) =>
                h(
                  'li',
                  { 'data-key': cell.address },
                  h('span', {}, addressLinks([cell.address])),
                  stateChip(cell.state),
                  h(
                    'span',
                    {},
                    nameLinks(cell.services),
                    cell.more > 0 ? ` and ${count(cell.more)} more` : undefined,
                  ),
                ),
              ),
            ),
            moreInUse > 0 ? h('p', { class: 'quiet' }, `And ${count(moreInUse)} more.`) : undefined,
          )
        : undefined,
    ],
  };
}

export function addressView(detail: AddressDetail): PageView {
  const { address, state, pools, holders, others, owner } = detail;
  const { meaning, name } = addressStates[state];
  return {
    title: address,
    content: [
      back(),
      heading(h('span', { class: 'mono' }, address), ' ', stateChip(state)),
      h('p', {}, `${name}: ${meaning}.`),
      owner === undefined ? undefined : h('p', {}, `Claimed in the API for ${owner}.`),
      holders.length > 0 ? section('holders', 'Who has it', serviceList(holders, 0), '') : undefined,
      others.length > 0
        ? section('others', 'Who shows it without having it', serviceList(others, 0), '')
        : undefined,
      pools.length > 0
        ? section(
            'spans',
            'Pools that span it',
            h(
              'ul',
              {},
              pools.map(({ key, around }) =>
                h(
                  'li',
                  { 'data-key': key },
                  h('a', { href: linkTo('pool', key) }, key),
                  around === ''
                    ? undefined
                    : ['; on the map: ', h('a', { href: linkTo('pool', key, around) }, around)],
                ),
              ),
            ),
            '',
          )
        : undefined,
    ],
  };
}

export function serviceView({ service, addresses, pool, checks, remedies, facts }: ServiceDetail): PageView {
  const { namespace, name, note, from, state } = service;
  return {
    title: `${namespace}/${name}`,
    content: [
      back(),
      heading(`${namespace}/${name} `, serviceChip(state)),
      note === ''
        ? undefined
        : h('p', { class: state === 'Assigned' || state === 'Assigning' ? '' : 'warning' }, note),
      section(
        'shown',
        'Addresses',
        h(
          'ul',
          { class: 'addresses' },
          addresses.map(({ address, state: of }) =>
            h('li', { 'data-key': address }, h('span', {}, addressLinks([address])), stateChip(of)),
          ),
        ),
        addresses.length === 0 ? 'It shows none.' : '',
      ),
      remedies.length === 0
        ? undefined
        : section(
            'cures',
            'What helps',
            h(
              'ol',
              {},
              remedies.map((remedy) => h('li', {}, remedy)),
            ),
            '',
          ),
      remedies.length === 0
        ? undefined
        : h(
            'p',
            { class: 'quiet' },
            'With the commands for it: ',
            h('code', {}, `kubectl vip explain service/${name} --namespace ${namespace}`),
          ),
      section('checks', 'How it was decided', checkList(checks), ''),
      h(
        'dl',
        {},
        [
          [
            'Pool of its namespace',
            pool === undefined ? 'none' : h('a', { href: linkTo('pool', pool) }, pool),
          ] as const,
          ...(from === '' ? [] : [['Comes from', from] as const]),
          ...facts,
        ].map(([term, value]) => h('div', { 'data-key': term }, h('dt', {}, term), h('dd', {}, value))),
      ),
    ],
  };
}

/** The sign says the same as the colour. */
function checkList(checks: ServiceDetail['checks']): HTMLElement {
  return h(
    'ul',
    { class: 'checks' },
    checks.map(({ name, outcome, finding }) => {
      const { sign, meaning } = outcomes[outcome];
      return h(
        'li',
        { 'data-outcome': outcome },
        h('span', { class: 'sign', 'aria-hidden': 'true' }, sign),
        h('span', {}, `${name}: `, h('span', { class: 'unseen' }, `${meaning}. `), finding),
      );
    }),
  );
}

export function foundView({ query, services, more, pools, address }: SearchResult): PageView {
  const all = services.length + more;
  const title = query === '' ? 'All Services' : `Search: ${query}`;
  return {
    title,
    content: [
      back(),
      heading(title),
      h(
        'p',
        { class: 'quiet' },
        all === 0 ? 'No Service has it.' : `${count(all)} ${all === 1 ? 'Service' : 'Services'}.`,
      ),
      address === undefined
        ? undefined
        : h(
            'p',
            {},
            'The address itself: ',
            h('a', { class: 'mono', href: linkTo('address', address) }, address),
          ),
      pools.length > 0 && query !== ''
        ? h(
            'p',
            {},
            'Pools: ',
            pools.map((key, i) => [i > 0 ? ', ' : undefined, h('a', { href: linkTo('pool', key) }, key)]),
          )
        : undefined,
      serviceList(services, more),
    ],
  };
}
