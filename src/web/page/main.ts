import type {
  AddressDetail,
  News,
  PageOverview,
  PoolDetail,
  Role,
  SearchResult,
  ServiceDetail,
} from '../page-data.ts';
import { type Child, h, morph } from './dom.ts';
import { moveIn, reach, reachEach } from './grid.ts';
import { worldView } from './overview.ts';
import { linkTo, type PageRoute, pathFor, routeOf } from './page-route.ts';
import { changeText, type PageView } from './parts.ts';
import { roles } from './states.ts';
import { addressView, foundView, poolView, serviceView } from './views.ts';

/** What is shown is a function of the link and of what the server tells. Here is what has a state: link, news, focus. */

const main = byId('main');
const query = byId('query') as HTMLInputElement;

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`there is no #${id}`);
  return element;
}

let route = routeOf(location.hash);
/** What was drawn last, to be drawn anew where only the window has changed. */
let drawn: { route: PageRoute; data: unknown } | undefined;
/** Which news the shown answer has heard of, and which were heard last; -1 where that is not known. */
let shown = -1;
let heard = -1;
let isAsking = false;

const wide = matchMedia('(min-width: 80rem)');
const narrow = matchMedia('(max-width: 46rem)');

function columnsFor(kind: PageRoute['kind']): number {
  if (narrow.matches) return 8;
  return wide.matches && kind === 'pool' ? 32 : 16;
}

/** The server's answer to a path is of one type: see site.ts. */
function viewOf(to: PageRoute, data: unknown): PageView {
  const columns = columnsFor(to.kind);
  switch (to.kind) {
    case 'world':
      return worldView(data as PageOverview, columns);
    case 'pool':
      return poolView(data as PoolDetail, columns);
    case 'service':
      return serviceView(data as ServiceDetail);
    case 'address':
      return addressView(data as AddressDetail);
    case 'search':
      return foundView(data as SearchResult);
  }
}

/** Asks for what the link names and draws it; what changes meanwhile is asked for afterwards. */
async function show(): Promise<void> {
  if (isAsking) return;
  isAsking = true;
  let asked: PageRoute;
  do {
    asked = route;
    await ask(asked);
  } while (asked !== route || heard > shown);
  isAsking = false;
}

async function ask(asked: PageRoute): Promise<void> {
  try {
    const response = await fetch(pathFor(asked));
    const data: unknown = await response.json();
    shown = Number(response.headers.get('x-revision') ?? -1);
    if (asked !== route) return;
    if (response.ok) draw(asked, data);
    else fail((data as { error?: string }).error ?? `The server answers ${response.status}.`);
  } catch {
    // Whoever answers next counts anew.
    shown = -1;
    heard = -1;
    fail(
      'The server does not answer. Is it still running, and the port forwarded? The page tries again by itself.',
    );
  }
}

function draw(to: PageRoute, data: unknown): void {
  const isNew = drawn?.route !== to;
  drawn = { route: to, data };
  const { title, content } = viewOf(to, data);
  document.title = to.kind === 'world' ? 'kube-vip addresses' : `${title} – kube-vip addresses`;
  replace(content, isNew);
}

function fail(text: string): void {
  drawn = undefined;
  replace([h('h1', { tabindex: -1 }, 'Nothing to show'), h('p', { class: 'warning' }, text)], false);
}

let hasBeenDrawn = false;

/** A new view is begun at its heading; who is typing goes on typing. */
function replace(content: Child, isNew: boolean): void {
  const fresh = main.cloneNode(false) as HTMLElement;
  fresh.append(h('div', { class: 'view' }, content));
  if (isNew) main.replaceChildren(...fresh.childNodes);
  else morph(main, fresh);
  reachEach(main);
  if (isNew && hasBeenDrawn && document.activeElement !== query) {
    scrollTo(0, 0);
    main.querySelector('h1')?.focus({ preventScroll: true });
  }
  hasBeenDrawn = true;
}

addEventListener('hashchange', () => {
  route = routeOf(location.hash);
  if (document.activeElement !== query) query.value = route.kind === 'search' ? route.query : '';
  readout('');
  void show();
});

/** Not by the link itself: what stands behind the # is the view. */
byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});

for (const media of [wide, narrow]) {
  media.addEventListener('change', () => {
    if (drawn !== undefined) draw(drawn.route, drawn.data);
  });
}

const said = byId('said');
let role: Role | undefined;

function hear(news: News): void {
  byId('role').textContent = roles[news.role].name;
  byId('role').title = roles[news.role].meaning;
  if (role !== undefined && role !== news.role) shown = -1;
  role = news.role;
  heard = news.revision;
  if (heard > shown) void show();
  if (news.changed > 0) say(news);
}

let unsaid = 0;
let saying: ReturnType<typeof setTimeout> | undefined;

/** Changes in a row are said together, when they pause: a screen reader reads each sentence to its end. */
function say({ changed, newest }: News): void {
  const service = newest?.after ?? newest?.before;
  if (newest === undefined || service === undefined) return;
  unsaid += changed;
  clearTimeout(saying);
  saying = setTimeout(() => {
    const one = `${service.namespace}/${service.name}: ${changeText(newest)}`;
    said.textContent = unsaid === 1 ? one : `${unsaid} Services have changed. The last: ${one}`;
    unsaid = 0;
  }, 600);
}

let source: EventSource | undefined;

/** A browser has six connections to a server: a window that nobody sees must not keep one. */
function listen(): void {
  source?.close();
  source = undefined;
  if (document.hidden) return;
  const connection = byId('connection');
  const news = new EventSource('/api/news');
  source = news;
  news.onmessage = ({ data }: MessageEvent<string>) => {
    connection.textContent = 'live';
    connection.dataset.is = 'live';
    hear(JSON.parse(data) as News);
  };
  news.onerror = () => {
    connection.textContent = 'not connected, trying again';
    connection.dataset.is = 'lost';
    // It may be another server that answers next, which counts anew.
    shown = -1;
    heard = -1;
    // After an answer that is no stream the browser does not try again.
    if (news.readyState === EventSource.CLOSED && news === source) setTimeout(listen, 5_000);
  };
}

document.addEventListener('visibilitychange', listen);

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
  } else if (moveIn(event)) event.preventDefault();
});

/** What a cell says of itself, for whoever points at it. */
function readout(text: string): void {
  byId('readout').textContent = text;
}

function pointed(event: Event): void {
  const cell = event.target instanceof Element ? event.target.closest('[role=grid] a') : null;
  readout(cell?.getAttribute('aria-label') ?? '');
  if (cell !== null && event.type === 'focusin') reach(cell);
}

addEventListener('pointerover', pointed);
addEventListener('focusin', pointed);

if (route.kind === 'search') query.value = route.query;
void show();
listen();
