import type {
  AddressDetail,
  PageOverview,
  PageUpdate,
  PoolDetail,
  Role,
  SearchResult,
  ServiceDetail,
} from '../page-data.ts';
import { type Child, h, morph } from './dom.ts';
import { addTabStops, makeTabStop, moveFocus } from './grid.ts';
import { overviewView } from './overview.ts';
import { linkTo, type PageRoute, pathFor, routeOf } from './page-route.ts';
import { changeText, type PageView } from './parts.ts';
import { roles } from './states.ts';
import { addressView, poolView, searchView, serviceView } from './views.ts';

/** Every view is a function of the route and the server's response. This module has the state: route, revisions and focus. */

const main = byId('main');
const query = byId('query') as HTMLInputElement;

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no element #${id}`);
  return element;
}

let route = routeOf(location.hash);
/** The latest view, to redraw it when only the window size changes. */
let drawn: { route: PageRoute; data: unknown } | undefined;
/** The revision of the data on the page, and that of the latest update; -1 if unknown. */
let shownRevision = -1;
let latestRevision = -1;
let isLoading = false;

const wide = matchMedia('(min-width: 80rem)');
const narrow = matchMedia('(max-width: 46rem)');

function columnsFor(kind: PageRoute['kind']): number {
  if (narrow.matches) return 8;
  return wide.matches && kind === 'pool' ? 32 : 16;
}

/** Each path has one response type: see site.ts. */
function viewOf(to: PageRoute, data: unknown): PageView {
  const columns = columnsFor(to.kind);
  switch (to.kind) {
    case 'overview':
      return overviewView(data as PageOverview, columns);
    case 'pool':
      return poolView(data as PoolDetail, columns);
    case 'service':
      return serviceView(data as ServiceDetail);
    case 'address':
      return addressView(data as AddressDetail);
    case 'search':
      return searchView(data as SearchResult);
  }
}

/** Loads and draws the current route, again if the route or the data changes in the meantime. */
async function show(): Promise<void> {
  if (isLoading) return;
  isLoading = true;
  let requested: PageRoute;
  do {
    requested = route;
    await load(requested);
  } while (requested !== route || latestRevision > shownRevision);
  isLoading = false;
}

async function load(requested: PageRoute): Promise<void> {
  try {
    const response = await fetch(pathFor(requested));
    const data: unknown = await response.json();
    shownRevision = Number(response.headers.get('x-revision') ?? -1);
    if (requested !== route) return;
    if (response.ok) draw(requested, data);
    else fail((data as { error?: string }).error ?? `The server responded with status ${response.status}.`);
  } catch {
    // The next server has its own revisions.
    shownRevision = -1;
    latestRevision = -1;
    fail(
      'The server is not responding. Check that it is running and that its port is forwarded. The page retries automatically.',
    );
  }
}

function draw(to: PageRoute, data: unknown): void {
  const isNew = drawn?.route !== to;
  drawn = { route: to, data };
  const { title, content } = viewOf(to, data);
  document.title = to.kind === 'overview' ? 'kube-vip addresses' : `${title} – kube-vip addresses`;
  replace(content, isNew);
}

function fail(text: string): void {
  drawn = undefined;
  replace([h('h1', { tabindex: -1 }, 'Cannot show this view'), h('p', { class: 'warning' }, text)], false);
}

let hasBeenDrawn = false;

/** A new view moves the focus to its heading, unless the user is typing. */
function replace(content: Child, isNew: boolean): void {
  const next = main.cloneNode(false) as HTMLElement;
  next.append(h('div', { class: 'view' }, content));
  if (isNew) main.replaceChildren(...next.childNodes);
  else morph(main, next);
  addTabStops(main);
  if (isNew && hasBeenDrawn && document.activeElement !== query) {
    scrollTo(0, 0);
    main.querySelector('h1')?.focus({ preventScroll: true });
  }
  hasBeenDrawn = true;
}

addEventListener('hashchange', () => {
  route = routeOf(location.hash);
  if (document.activeElement !== query) query.value = route.kind === 'search' ? route.query : '';
  showCellDetails('');
  void show();
});

/** The link cannot use its fragment, because the fragment is the route. */
byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});

for (const media of [wide, narrow]) {
  media.addEventListener('change', () => {
    if (drawn !== undefined) draw(drawn.route, drawn.data);
  });
}

const announcement = byId('announcement');
let role: Role | undefined;

function receive(update: PageUpdate): void {
  byId('role').textContent = roles[update.role].name;
  byId('role').title = roles[update.role].meaning;
  if (role !== undefined && role !== update.role) shownRevision = -1;
  role = update.role;
  latestRevision = update.revision;
  if (latestRevision > shownRevision) void show();
  if (update.changed > 0) announce(update);
}

let unannounced = 0;
let announcing: ReturnType<typeof setTimeout> | undefined;

/** Announces a burst of changes as one, because screen readers read each announcement to its end. */
function announce({ changed, newest }: PageUpdate): void {
  const service = newest?.after ?? newest?.before;
  if (newest === undefined || service === undefined) return;
  unannounced += changed;
  clearTimeout(announcing);
  announcing = setTimeout(() => {
    const latest = `${service.namespace}/${service.name}: ${changeText(newest)}`;
    announcement.textContent =
      unannounced === 1 ? latest : `${unannounced} Services changed. Latest: ${latest}`;
    unannounced = 0;
  }, 600);
}

let source: EventSource | undefined;

/** A browser opens at most six connections to a server, so a hidden window must not keep one. */
function connect(): void {
  source?.close();
  source = undefined;
  if (document.hidden) return;
  const connection = byId('connection');
  const updates = new EventSource('/api/updates');
  source = updates;
  updates.onmessage = ({ data }: MessageEvent<string>) => {
    connection.textContent = 'live';
    connection.dataset.is = 'live';
    receive(JSON.parse(data) as PageUpdate);
  };
  updates.onerror = () => {
    connection.textContent = 'disconnected, retrying';
    connection.dataset.is = 'lost';
    // The next connection may reach another server, which has its own revisions.
    shownRevision = -1;
    latestRevision = -1;
    // The browser does not reconnect after a response that is not an event stream.
    if (updates.readyState === EventSource.CLOSED && updates === source) setTimeout(connect, 5_000);
  };
}

document.addEventListener('visibilitychange', connect);

let typing: ReturnType<typeof setTimeout> | undefined;

function search(): void {
  clearTimeout(typing);
  const text = query.value.trim();
  location.replace(text === '' ? '#/' : linkTo('search', text));
}

query.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(search, 120);
});

byId('search').addEventListener('submit', (event) => {
  event.preventDefault();
  search();
  main.focus();
});

addEventListener('keydown', (event) => {
  const isTyping = event.target === query;
  if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    query.focus();
    query.select();
  } else if (event.key === 'Escape' && isTyping) {
    query.value = '';
    search();
    main.focus();
  } else if (moveFocus(event)) event.preventDefault();
});

/** Shows the label of the cell that has the pointer or the focus. */
function showCellDetails(text: string): void {
  byId('cell-details').textContent = text;
}

function onCell(event: Event): void {
  const cell = event.target instanceof Element ? event.target.closest('[role=grid] a') : null;
  showCellDetails(cell?.getAttribute('aria-label') ?? '');
  if (cell !== null && event.type === 'focusin') makeTabStop(cell);
}

addEventListener('pointerover', onCell);
addEventListener('focusin', onCell);

if (route.kind === 'search') query.value = route.query;
void show();
connect();
