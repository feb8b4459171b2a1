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
  poolSummary,
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
        { 'aria-label': 'Breadcrumb', class: 'crumbs' },
        h('a', { href: '#/' }, 'Addresses'),
        range === undefined ? undefined : [' / ', h('a', { href: linkTo('pool', pool.key) }, pool.key)],
        crumbs.map((parent) => [
          ' / ',
          h('a', { class: 'mono', href: linkTo('pool', pool.key, parent) }, parent),
        ]),
      ),
      heading(range ?? pool.key),
      range === undefined ? poolSummary(pool) : undefined,
      legend(),
      map.segments.length === 0 ? h('p', { class: 'quiet' }, 'No addresses to show.') : undefined,
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
  const { address, state, pools, holders, others, externalIP, claimOwner, note } = detail;
  return {
    title: address,
    content: [
      back(),
      heading(h('span', { class: 'mono' }, address), ' ', stateChip(state)),
      h('p', {}, `${addressStates[state].meaning}.`),
      note === '' ? undefined : h('p', {}, `It is ${note}.`),
      externalIP === '' ? undefined : h('p', {}, `It is ${externalIP}.`),
      claimOwner === undefined ? undefined : h('p', {}, `Claimed by an IPAddress object for ${claimOwner}.`),
      holders.length > 0 ? section('holders', 'Held by', serviceList(holders, 0), '') : undefined,
      others.length > 0
        ? section('others', 'Also used or requested by', serviceList(others, 0), '')
        : undefined,
      pools.length > 0
        ? section(
            'pools',
            'Pools that contain it',
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
                    : ['; show on map: ', h('a', { href: linkTo('pool', key, around) }, around)],
                ),
              ),
            ),
            '',
          )
        : undefined,
    ],
  };
}

export function serviceView({ service, addresses, pools, checks, remedies, facts }: ServiceDetail): PageView {
  const { namespace, name, condition, from, state } = service;
  return {
    title: `${namespace}/${name}`,
    content: [
      back(),
      heading(`${namespace}/${name} `, serviceChip(state)),
      condition === ''
        ? undefined
        : h('p', { class: state === 'Assigned' || state === 'Assigning' ? '' : 'warning' }, condition),
      section(
        'addresses',
        'Addresses',
        h(
          'ul',
          { class: 'addresses' },
          addresses.map(({ address, state: addressState }) =>
            h('li', { 'data-key': address }, h('span', {}, addressLinks([address])), stateChip(addressState)),
          ),
        ),
        addresses.length === 0 ? 'None.' : '',
      ),
      remedies.length === 0
        ? undefined
        : section(
            'remedies',
            'Remedies',
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
            'To see the commands, run: ',
            h('code', {}, `kubectl vip explain service/${name} --namespace ${namespace}`),
          ),
      section('checks', 'Checks', checkList(checks), ''),
      h(
        'dl',
        {},
        [
          [
            pools.length > 1 ? 'Pools' : 'Pool',
            pools.length === 0
              ? 'none'
              : pools.map((pool, i) => [
                  i > 0 ? ', ' : undefined,
                  h('a', { href: linkTo('pool', pool) }, pool),
                ]),
          ] as const,
          ...(from === '' ? [] : [['Source', from] as const]),
          ...facts,
        ].map(([term, value]) => h('div', { 'data-key': term }, h('dt', {}, term), h('dd', {}, value))),
      ),
    ],
  };
}

/** The hidden text repeats what the sign and the color mean. */
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

export function searchView({ query, services, more, pools, address }: SearchResult): PageView {
  const total = services.length + more;
  const title = query === '' ? 'All Services' : `Search: ${query}`;
  return {
    title,
    content: [
      back(),
      heading(title),
      h(
        'p',
        { class: 'quiet' },
        total === 0 ? 'No Services found.' : `${count(total)} ${total === 1 ? 'Service' : 'Services'}.`,
      ),
      address === undefined
        ? undefined
        : h('p', {}, 'Address: ', h('a', { class: 'mono', href: linkTo('address', address) }, address)),
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
