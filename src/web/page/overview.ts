import type { PageOverview } from '../page-data.ts';
import { h } from './dom.ts';
import { mapElement } from './grid.ts';
import { linkTo } from './page-route.ts';
import {
  changeList,
  heading,
  legend,
  type PageView,
  poolSummary,
  quotaList,
  section,
  serviceList,
  timeText,
} from './parts.ts';
import { count, roles, serviceStates } from './states.ts';

/** The start page: pools, pending Services, notes and recent changes. */
export function overviewView(overview: PageOverview, columns: number): PageView {
  const { counts, pools, problems, pending, withConditions, changes } = overview;
  const title = 'Addresses';
  if (!overview.isReady) {
    return {
      title,
      content: [heading(title), h('p', {}, 'Services and pools have not been loaded yet.')],
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
          pools.length === 0 ? h('p', {}, `ConfigMap ${overview.configMap} contains no pools.`) : undefined,
          h(
            'div',
            { class: 'pools' },
            pools.map((pool) => poolCard(pool, columns)),
          ),
          overview.morePools > 0
            ? h(
                'p',
                { class: 'quiet' },
                `${count(overview.morePools)} more pools are not shown. Search for them by name.`,
              )
            : undefined,
        ),
        h(
          'div',
          { class: 'side' },
          section(
            'pending',
            'Pending and conflicting',
            serviceList(pending, overview.morePending),
            pending.length === 0 ? 'No pending or conflicting Services.' : '',
          ),
          overview.quotas.length > 0
            ? section('quotas', 'Quotas', quotaList(overview.quotas, overview.moreQuotas), '')
            : undefined,
          problems.length > 0
            ? section(
                'problems',
                'ConfigMap problems',
                h(
                  'ul',
                  { class: 'plain' },
                  problems.map((text) => h('li', { 'data-key': text }, text)),
                ),
                '',
              )
            : undefined,
          withConditions.length > 0
            ? section('notes', 'Notes', serviceList(withConditions, overview.moreWithConditions), '')
            : undefined,
          section(
            'changes',
            'Recent changes',
            changeList(changes),
            changes.length === 0 ? `No changes since ${timeText(new Date(overview.since))}.` : '',
          ),
        ),
      ),
      h(
        'footer',
        {},
        `kube-vip-cloud-provider ${overview.version}. ${roles[overview.role].meaning} `,
        `Pools come from ConfigMap ${overview.configMap}. Shortcuts: / to search, arrow keys to move within a map, Enter to open.`,
      ),
    ],
  };
}

function nameOf(state: string): string {
  return Object.entries(serviceStates).find(([key]) => key === state)?.[1].name ?? state;
}

/** A small pool takes half the width. */
function poolCard(pool: PageOverview['pools'][number], columns: number): HTMLElement {
  const drawn = pool.map.segments.map((segment) =>
    'cells' in segment ? segment.cells.length : segment.blocks.length,
  );
  const isWide = Math.max(0, ...drawn) > 24;
  return h(
    'article',
    { 'data-key': pool.key, 'aria-label': pool.key, class: isWide ? 'wide' : undefined },
    h('h3', {}, h('a', { href: linkTo('pool', pool.key) }, pool.key)),
    poolSummary({ ...pool, problems: [] }),
    mapElement(pool.map, { pool: pool.key, columns: isWide ? columns : 8 }, false),
  );
}
