import type { PageOverview } from '../page-data.ts';
import { h } from './dom.ts';
import { mapElement } from './grid.ts';
import { linkTo } from './page-route.ts';
import {
  changeList,
  heading,
  legend,
  type PageView,
  poolLine,
  section,
  serviceList,
  timeText,
} from './parts.ts';
import { count, roles, serviceStates } from './states.ts';

/** The first page: what there is, who waits, what changed. */
export function worldView(world: PageOverview, columns: number): PageView {
  const { counts, pools, problems, waiting, odd, changes } = world;
  const title = 'Addresses';
  if (!world.isReady) {
    return {
      title,
      content: [heading(title), h('p', {}, 'The lists of Services and pools are not read yet.')],
    };
  }
  return {
    title,
    content: [
      heading(title),
      h(
        'p',
        { class: 'counts' },
        Object.entries(counts).map(([state, n]) =>
          n === 0
            ? undefined
            : h(
                'a',
                { href: linkTo('search', state), 'data-key': state },
                h('b', {}, count(n)),
                ` ${nameOf(state)}`,
              ),
        ),
      ),
      h(
        'div',
        { class: 'columns' },
        h(
          'section',
          { 'aria-labelledby': 'pools' },
          h('h2', { id: 'pools' }, 'Pools'),
          legend(),
          pools.length === 0
            ? h('p', {}, `There is no pool in the ConfigMap ${world.configMap}.`)
            : undefined,
          h(
            'div',
            { class: 'pools' },
            pools.map((pool) => poolCard(pool, columns)),
          ),
          world.morePools > 0
            ? h(
                'p',
                { class: 'quiet' },
                `And ${count(world.morePools)} more pools: the search finds them by name.`,
              )
            : undefined,
        ),
        h(
          'div',
          { class: 'side' },
          section(
            'Pending',
            'Waiting',
            serviceList(waiting, world.moreWaiting),
            waiting.length === 0 ? 'Nobody waits.' : '',
          ),
          problems.length > 0
            ? section(
                'problems',
                'In the ConfigMap',
                h(
                  'ul',
                  { class: 'plain' },
                  problems.map((text) => h('li', { 'data-key': text }, text)),
                ),
                '',
              )
            : undefined,
          odd.length > 0 ? section('odd', 'Worth knowing', serviceList(odd, world.moreOdd), '') : undefined,
          section(
            'changes',
            'Changed lately',
            changeList(changes),
            changes.length === 0 ? `Nothing since ${timeText(new Date(world.since))}.` : '',
          ),
        ),
      ),
      h(
        'footer',
        {},
        `kube-vip-cloud-provider ${world.version}. ${roles[world.role].meaning} `,
        `The pools are in the ConfigMap ${world.configMap}. Keys: / searches, the arrows move in a map, Enter opens.`,
      ),
    ],
  };
}

function nameOf(state: string): string {
  return Object.entries(serviceStates).find(([key]) => key === state)?.[1].name ?? state;
}

/** A small pool needs half the width. */
function poolCard(pool: PageOverview['pools'][number], columns: number): HTMLElement {
  const drawn = pool.map.segments.map((segment) =>
    'cells' in segment ? segment.cells.length : segment.blocks.length,
  );
  const isWide = Math.max(0, ...drawn) > 24;
  return h(
    'article',
    { 'data-key': pool.key, 'aria-label': pool.key, class: isWide ? 'wide' : undefined },
    h('h3', {}, h('a', { href: linkTo('pool', pool.key) }, pool.key)),
    poolLine({ ...pool, notes: [] }),
    mapElement(pool.map, { pool: pool.key, columns: isWide ? columns : 8 }, false),
  );
}
